import { homedir } from 'node:os';
import * as l10n from '@vscode/l10n';
import type { RunProcess } from '../../common/processes/runProcess';
import { CorralError } from '../../storage/errors';
import type { ForgeName } from '../../storage/issueReference';
import { FORGES } from '../../storage/issueReference';
import { withoutEditor } from '../agents/editorVariables';
import type { Repository } from '../git/repository';
import { fetchUrl, readRemotes } from '../git/review/remotes';
import type { Forge, ForgeRepository } from './forge';
import type { ForgeAddress } from './forgeAddress';
import { parseForgeAddress } from './forgeAddress';
import { ForgeProgram, missingProgram, signInCommand } from './forgeProgram';
import { GitHub } from './github';
import { GitLab } from './gitlab';

/** The forges that everybody knows. Any other host is one of those to which the user has signed in. */
const PUBLIC_HOSTS: Readonly<Record<string, ForgeName>> = { 'github.com': 'github', 'gitlab.com': 'gitlab' };
/** Issues are seldom at one's own copy, so `gh` takes remotes in this order, too. */
const FIRST_REMOTES = ['upstream', 'github', 'gitlab', 'origin'];
const SSH_LIMIT_MS = 10_000;

export interface ForgeTools {
  runProcess: RunProcess;
  /** In which programs are found, and which they get; this process's own where absent. */
  environment?: NodeJS.ProcessEnv;
}

/** A repository of a server, by a remote of the one on this disk. */
export interface ForgeRemote extends ForgeAddress {
  remote: string;
  /** What git fetches from. */
  url: string;
}

/** A repository at a forge with the program that asks about it. */
export interface OpenForge {
  program: ForgeProgram;
  repository: ForgeRepository;
}

/**
 * The repositories that the remotes lead to, each once, with those first where issues are most likely to be.
 * @throws NO_REMOTE where no remote leads to a server
 */
export async function listForgeRemotes(repository: Repository): Promise<ForgeRemote[]> {
  const { remotes } = await readRemotes(repository);
  const names = remotes.map(({ name }) => name).sort((one, other) => rankOf(one) - rankOf(other));
  const found = new Map<string, ForgeRemote>();
  for (const remote of names) {
    const url = await fetchUrl(repository, remote);
    const address = parseForgeAddress(url);
    const key = address === undefined ? '' : `${address.host}/${address.path.toLowerCase()}`;
    if (address !== undefined && !found.has(key)) found.set(key, { ...address, remote, url: safeUrl(url, address) });
  }
  if (found.size === 0)
    throw new CorralError(
      'NO_REMOTE',
      names.length === 0
        ? l10n.t('This repository has no remote. Add the one at GitHub or GitLab with “git remote add”.')
        : l10n.t('No remote of this repository leads to GitHub or GitLab. Add that one with “git remote add”.'),
    );
  return [...found.values()];
}

/**
 * Asks the programs whose the host is. What is asked after that goes to no host to which the user has not signed in.
 * @throws FORGE_PROGRAM_MISSING FORGE_SIGNED_OUT
 */
export async function openForge(address: ForgeAddress, tools: ForgeTools, signal?: AbortSignal): Promise<OpenForge> {
  const found = await findProgramFor(address.host, tools, signal);
  if (found !== undefined) return { program: found, repository: await repositoryAt(address, found, signal) };
  const host = await hostOfAlias(address.host, tools, signal);
  const behind = host === undefined ? undefined : await findProgramFor(host, tools, signal);
  if (behind !== undefined && host !== undefined)
    return { program: behind, repository: await repositoryAt({ ...address, host }, behind, signal) };
  const [github = '', gitlab = ''] = FORGES.map((forge) => signInCommand(forge, address.host).join(' '));
  throw new CorralError(
    'FORGE_SIGNED_OUT',
    l10n.t('Neither gh nor glab is signed in to {host}. Run “{github}” or “{gitlab}” in a terminal and try again.', {
      host: address.host,
      github,
      gitlab,
    }),
  );
}

/** Web addresses of a GitLab that lies below a path have that before the project's own. */
async function repositoryAt(
  { host, path }: ForgeAddress,
  program: ForgeProgram,
  signal?: AbortSignal,
): Promise<ForgeRepository> {
  const { forge } = program;
  const subfolder = path.split('/').length > 2 ? await program.subfolder(host, signal) : undefined;
  return subfolder !== undefined && path.toLowerCase().startsWith(`${subfolder.toLowerCase()}/`)
    ? { forge, host, subfolder, path: path.slice(subfolder.length + 1) }
    : { forge, host, path };
}

export function forgeOf({ program, repository }: OpenForge): Forge {
  return program.forge === 'github' ? new GitHub(program, repository) : new GitLab(program, repository);
}

async function findProgramFor(
  host: string,
  { runProcess, environment }: ForgeTools,
  signal?: AbortSignal,
): Promise<ForgeProgram | undefined> {
  const known = PUBLIC_HOSTS[host];
  if (known !== undefined) {
    const program = await ForgeProgram.find(known, runProcess, environment);
    if (program === undefined) throw missingProgram(known, host);
    return program;
  }
  for (const forge of FORGES) {
    const program = await ForgeProgram.find(forge, runProcess, environment);
    if (program !== undefined && (await program.knows(host, signal))) return program;
  }
  return undefined;
}

/** The host that ssh goes to by a name of the user's own configuration, as people with two accounts have. */
async function hostOfAlias(
  alias: string,
  { runProcess, environment = process.env }: ForgeTools,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { exitCode, stdout } = await runProcess(['ssh', '-G', '--', alias], {
    cwd: homedir(),
    environment: withoutEditor(environment),
    timeoutMs: SSH_LIMIT_MS,
    signal,
  });
  const host = exitCode === 0 ? /^hostname (\S+)$/m.exec(stdout.toString('utf8'))?.[1]?.toLowerCase() : undefined;
  return host === alias ? undefined : host;
}

/** Others come after these, in their own order. */
function rankOf(remote: string): number {
  const index = FIRST_REMOTES.indexOf(remote);
  return index === -1 ? FIRST_REMOTES.length : index;
}

/** By https where the remote's own way would show everybody what is sent. */
function safeUrl(url: string, { host, path }: ForgeAddress): string {
  return /^(http|git):/i.test(url) ? `https://${host}/${path}.git` : url;
}
