import { dirname } from 'node:path';

/** The folder of this program: `<root>/bin/<version>-<sha256>`. */
export const OWN_FOLDER = dirname(process.argv[1] ?? '');

/** For all that Corral keeps on this host. */
export const ROOT_FOLDER = dirname(dirname(OWN_FOLDER));
