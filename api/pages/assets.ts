// The style sheet, the script and the icon of the pages.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Assets } from '../../console/parts/layout.ts';
import { styleSheet } from '../../console/style-sheet.ts';
import { paths } from '../../paths.ts';
import { type App } from '../context/types.ts';

interface Asset {
  readonly name: string;
  readonly bytes: Buffer;
  readonly type: string;
}

/** A year, in seconds: a changed file has another name. */
const KEPT_S = 31_536_000;

function asset(file: string, type: string, bytes: Buffer): Asset {
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const [base, ending] = file.split('.');
  return { name: `${base}.${digest}.${ending}`, bytes, type };
}

const read = (file: string): Buffer => readFileSync(join(paths.consoleAssets, file));

let files: { readonly style: Asset; readonly script: Asset; readonly icon: Asset } | undefined;

/** Reads the files once for each process. */
const loaded = () =>
  (files ??= {
    style: asset('console.css', 'text/css; charset=utf-8', Buffer.from(styleSheet())),
    script: asset('console.js', 'text/javascript; charset=utf-8', read('console.js')),
    icon: asset('icon.svg', 'image/svg+xml', read('icon.svg')),
  });

const path = (name: string): string => `/ui/assets/${name}`;

/** The addresses of the files. */
export function assetPaths(): Assets {
  const { style, script, icon } = loaded();
  return { style: path(style.name), script: path(script.name), icon: path(icon.name) };
}

/** `GET /ui/assets/…`: the names contain a digest, so that browsers keep the files. */
export function assetRoutes(app: App): void {
  for (const { name, bytes, type } of Object.values(loaded())) {
    app.get(path(name), { schema: { hide: true } }, (_request, reply) =>
      reply
        .headers({
          'content-type': type,
          'cache-control': `public, max-age=${KEPT_S}, immutable`,
          'x-content-type-options': 'nosniff',
          'cross-origin-resource-policy': 'same-origin',
        })
        .serializer((body: Buffer) => body as unknown as string)
        .send(bytes),
    );
  }
}
