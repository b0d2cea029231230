// A value that may have to be waited for.

/** What is there at once, or comes later. @example const score: Awaitable<number> = 0.5; */
export type Awaitable<T> = T | Promise<T>;
