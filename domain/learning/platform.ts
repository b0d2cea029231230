// Where a version was trained: on one platform and Node major the same rows give the same bytes.

/** A machine as far as the last bits of a sum depend on it. Plain JSON. */
export interface Platform {
  /** As Node names it: `linux`, `darwin`, `win32`. */
  readonly os: string;
  /** `x64`, `arm64`. */
  readonly arch: string;
  readonly nodeMajor: number;
}

/** Whether equal rows give equal bytes on both. @example isSamePlatform(trainedOn, here) */
export const isSamePlatform = (a: Platform, b: Platform): boolean =>
  a.os === b.os && a.arch === b.arch && a.nodeMajor === b.nodeMajor;

/** "linux x64, Node 22" */
export const platformInWords = ({ os, arch, nodeMajor }: Platform): string =>
  `${os} ${arch}, Node ${nodeMajor}`;
