// Settings of the transaction in which a window is joined.

/**
 * More memory for the one sort and the hash tables of the join, and no compiling of a statement that names thousands of
 * columns once. They end with the transaction.
 */
export const JOIN_SETTINGS = `set local work_mem = '64MB'; set local jit = off`;
