import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before } from 'mocha';

/** A folder whose programs a VS Code finds first. */
export interface ProgramFolder {
  path: (name: string) => string;
  /** For `ServerOptions`. VSCODE_CLI keeps VS Code from asking a login shell for the PATH. */
  environment: () => { PATH: string; VSCODE_CLI: string };
  addScript: (name: string, script: string) => Promise<void>;
}

/** Hooks for a `describe` that make the folder and remove it. Call it before `useWindow`. */
export function useProgramFolder(): ProgramFolder {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral-programs-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });
  return {
    path: (name) => join(folder, name),
    environment: () => ({ PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, VSCODE_CLI: '1' }),
    addScript: async (name, script) => {
      await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    },
  };
}
