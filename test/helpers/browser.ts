// A browser for tests of sign-ins, without a screen.

/** A browser without a screen: keeps cookies by host and path, and follows redirects. */
export class Browser {
  readonly #home: string;
  readonly #cookies: { name: string; value: string; path: string; host: string }[] = [];

  /** @param home the address to which paths are relative */
  constructor(home: string) {
    this.#home = home;
  }

  async open(url: string, init: RequestInit = {}): Promise<{ url: URL; status: number; text: string }> {
    let [next, request] = [new URL(url, this.#home), init];
    for (let hops = 0; hops < 12; hops += 1) {
      const sent = this.#cookies.filter(
        ({ host, path }) =>
          host === next.host &&
          (next.pathname === path || next.pathname.startsWith(path.replace(/\/?$/, '/'))),
      );
      const cookie = sent.map(({ name, value }) => `${name}=${value}`).join('; ');
      const answer = await fetch(next, {
        ...request,
        redirect: 'manual',
        headers: { ...(request.headers as Record<string, string>), ...(cookie !== '' && { cookie }) },
      });
      for (const line of answer.headers.getSetCookie()) this.#keep(line, next);
      const location = answer.headers.get('location');
      if (location === null) return { url: next, status: answer.status, text: await answer.text() };
      next = new URL(location, next);
      request = {};
    }
    throw new Error(`too many redirects, the last one to ${next.href}`);
  }

  /** Sends the only form of a page, with these values. */
  submit(page: { url: URL; text: string }, values: Readonly<Record<string, string>> = {}) {
    const action = (/<form[^>]*action="([^"]*)"/.exec(page.text)?.[1] ?? page.url.href).replaceAll(
      '&amp;',
      '&',
    );
    const fields = [...page.text.matchAll(/<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)];
    const body = new URLSearchParams(
      fields.map(([, name = '', value = '']): [string, string] => [name, value]),
    );
    for (const [name, value] of Object.entries(values)) body.set(name, value);
    return this.open(new URL(action, page.url).href, { method: 'POST', body });
  }

  cookie(name: string): string | undefined {
    return this.#cookies.find((each) => each.name === name)?.value;
  }

  #keep(line: string, { host }: URL): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    const path = attributes.find((each) => /^path=/i.test(each))?.slice(5) ?? '/';
    const old = this.#cookies.findIndex(
      (each) => each.name === name && each.host === host && each.path === path,
    );
    if (old >= 0) this.#cookies.splice(old, 1);
    if (value !== '' && !/max-age=0|expires=Thu, 01 Jan 1970/i.test(line))
      this.#cookies.push({ name, value, path, host });
  }
}
