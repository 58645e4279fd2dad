/** Versions of this program on this host. Each window installs its own, and none is removed by itself. */
import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { readdirIfExists } from '../../common/readdirIfExists';
import { isId } from '../../storage/ids';
import { StorePaths, type RunPaths } from '../../storage/paths';
import { HOST_VERSION_NAME, type HostVersion } from '../hostProtocol/hostProtocol';
import { readClaim } from '../runnerProtocol/claimFile';
import { runnerLiveness } from '../runnerProtocol/runnerLiveness';
import { listProcesses, readDetails } from '../system/processTable';
import { OWN_FOLDER, ROOT_FOLDER } from './ownFolder';

const VERSIONS_FOLDER = dirname(OWN_FOLDER);
/** What a run that waits for its start needs is named in its small files, such as the script of a batch job. */
const MAX_NAMING_BYTES = 64 * 1024;

/** All versions but this one. */
export async function listVersions(): Promise<HostVersion[]> {
  const names = (await readdirIfExists(VERSIONS_FOLDER)).filter(
    (name) => v.is(HOST_VERSION_NAME, name) && name !== basename(OWN_FOLDER),
  );
  const isUsed = names.length === 0 ? () => false : await readUse();
  return await Promise.all(
    names.map(async (name) => ({ name, bytes: await sizeOf(join(VERSIONS_FOLDER, name)), isUsed: isUsed(name) })),
  );
}

/** Removes those of the versions that nothing uses, and answers with their names. */
export async function removeVersions(names: readonly string[]): Promise<string[]> {
  const removable = (await listVersions()).filter(({ name, isUsed }) => names.includes(name) && !isUsed);
  for (const { name } of removable) await rm(join(VERSIONS_FOLDER, name), { recursive: true, force: true });
  return removable.map(({ name }) => name);
}

/** Tells of a version whether a process runs it, or a run needs it. */
async function readUse(): Promise<(name: string) => boolean> {
  const running = (await listProcesses()).filter(({ ended }) => !ended);
  const details = await readDetails(running.map(({ pid }) => pid));
  const commands = [...details.values()].map(({ command }) => command);
  const waiting: string[] = [];
  for await (const run of allRuns()) {
    const needs = await needsOf(run);
    if (needs === 'unknown') return () => true;
    waiting.push(...needs);
  }
  return (name) => [...commands, ...waiting].some((text) => text.includes(name));
}

async function* allRuns(): AsyncGenerator<RunPaths> {
  for (const storeId of (await readdir(ROOT_FOLDER)).filter(isId)) {
    const paths = new StorePaths(join(ROOT_FOLDER, storeId));
    for (const sessionId of (await readdirIfExists(paths.sessions)).filter(isId)) {
      const session = paths.session(sessionId);
      for (const runId of (await readdirIfExists(session.runs)).filter(isId)) yield session.run(runId);
    }
  }
}

/** Texts that name the version which a run needs; `unknown` where it may run on a machine that shares the folder. */
async function needsOf(run: RunPaths): Promise<string[] | 'unknown'> {
  const claim = await readClaim(run).catch(() => 'unknown' as const); // of a version that this one does not know
  if (claim === 'unknown') return claim;
  if (claim === undefined) return await smallTexts(run.root);
  return claim.state === 'claimed' && (await runnerLiveness(claim)) === 'unknown' ? 'unknown' : [];
}

async function smallTexts(folder: string): Promise<string[]> {
  const texts = (await readdirIfExists(folder)).map(async (name) => {
    const path = join(folder, name);
    const file = await lstat(path);
    return file.isFile() && file.size <= MAX_NAMING_BYTES ? await readFile(path, 'utf8') : '';
  });
  return await Promise.all(texts);
}

async function sizeOf(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await lstat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
