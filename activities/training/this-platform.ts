// The platform that this process trains on.
import { type Platform } from '../../domain/learning/repetition.ts';

/** @example thisPlatform() // { os: 'linux', arch: 'x64', nodeMajor: 22 } */
export const thisPlatform = (): Platform => ({
  os: process.platform,
  arch: process.arch,
  nodeMajor: Number(process.versions.node.split('.')[0]),
});
