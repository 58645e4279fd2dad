/** Where Claude Code and Codex keep their own transcripts: one file of JSON lines for each session. */
import { readdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isThere } from '../../../common/disks/pathState';
import { readdirIfExists } from '../../../common/readdirIfExists';

/** Whose transcripts are meant: what the agent's program is started with. */
export interface TranscriptPlace {
  /** As the agent names itself in the records of its runs. */
  backendType: 'claude' | 'codex';
  /** Complete. */
  environment: Environment;
  cwd: string;
}

/** The folder of an agent's transcripts, and paths below it. */
export interface TranscriptFolders {
  root: string;
  find(nativeSessionId: string): Promise<string | undefined>;
  /** Where the agent looks for a transcript that is not there yet. */
  newPath(nativeSessionId: string): string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Claude cuts the names of its folders at this length, and adds a hash to them. */
const MAX_FOLDER_NAME_CHARACTERS = 200;

export async function transcriptFoldersOf(place: TranscriptPlace): Promise<TranscriptFolders> {
  return place.backendType === 'claude' ? await claudeFolders(place) : codexFolders(place);
}

/** Claude's folder of folders, of which each has the transcripts of one working directory. */
export function claudeProjects(environment: Environment): string {
  return join(environment['CLAUDE_CONFIG_DIR'] ?? join(homeOf(environment), '.claude'), 'projects');
}

/** Begins the names of Claude's folders for a working directory and for those below it. */
export function claudeFolderPrefix(folder: string): string {
  return folder
    .normalize('NFC')
    .replaceAll(/[^A-Za-z0-9]/g, '-')
    .slice(0, MAX_FOLDER_NAME_CHARACTERS);
}

async function claudeFolders({ environment, cwd }: TranscriptPlace): Promise<TranscriptFolders> {
  const root = claudeProjects(environment);
  const own = claudeFolderPrefix(await realpath(cwd)); // as a process sees its own
  return {
    root,
    find: async (id) => {
      // Claude goes on with a session in the folder in which that began, wherever it is resumed.
      for (const name of new Set([own, ...(await readdirIfExists(root))])) {
        const path = join(name, `${id}.jsonl`);
        if (await isThere(join(root, path))) return path;
      }
      return undefined;
    },
    newPath: (id) => join(own, `${id}.jsonl`),
  };
}

function codexFolders({ environment }: TranscriptPlace): TranscriptFolders {
  const root = join(environment['CODEX_HOME'] ?? join(homeOf(environment), '.codex'), 'sessions');
  return {
    root,
    find: async (id) => {
      for await (const day of codexDays(root)) {
        const names = await readdir(join(root, day));
        const name = names.find((each) => each.startsWith('rollout-') && each.endsWith(`-${id}.jsonl`));
        if (name !== undefined) return join(day, name);
      }
      return undefined;
    },
    newPath: (id) => {
      const [date = '', time = ''] = timeOf(id).toISOString().slice(0, 19).split('T');
      return join(...date.split('-'), `rollout-${date}T${time.replaceAll(':', '-')}-${id}.jsonl`);
    },
  };
}

/** The folders `<year>/<month>/<day>` below `root`, the newest first. */
async function* codexDays(root: string): AsyncGenerator<string> {
  const numbersIn = async (folder: string): Promise<string[]> =>
    (await readdirIfExists(join(root, folder)))
      .filter((name) => /^\d{2,4}$/.test(name))
      .sort()
      .reverse();
  for (const year of await numbersIn(''))
    for (const month of await numbersIn(year))
      for (const day of await numbersIn(join(year, month))) yield join(year, month, day);
}

/** When the session began: Codex's ids are of version 7, which starts with that in milliseconds. */
function timeOf(id: string): Date {
  return id[14] === '7' ? new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)) : new Date();
}

function homeOf(environment: Environment): string {
  return (process.platform === 'win32' ? environment['USERPROFILE'] : environment['HOME']) ?? homedir();
}
