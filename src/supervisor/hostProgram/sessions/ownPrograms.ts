/** The programs that this one brings along for runs. They lie beside it once the first run needed them. */
import demoAgent from 'bundle:demoAgent';
import runner from 'bundle:runner';
import { join } from 'node:path';
import { exists } from '../../git/worktreeOwnership';
import { replaceFile } from '../../../storage/journal/durableFile';
import { OWN_FOLDER } from '../ownFolder';

const PROGRAMS = { 'runner.js': runner, 'demoAgent.js': demoAgent };

/** The folder with all of them. Each is complete as soon as it is there. */
export async function unpackPrograms(): Promise<string> {
  for (const [name, code] of Object.entries(PROGRAMS)) {
    const path = join(OWN_FOLDER, name);
    if (!(await exists(path))) await replaceFile(path, Buffer.from(code));
  }
  return OWN_FOLDER;
}
