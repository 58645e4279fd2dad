/** What another host tells about itself. All of it is that host's word. */
import * as v from 'valibot';

const text = v.pipe(v.string(), v.maxLength(4_096));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const programSchema = v.object({ path: text, version: text });

export const hostFactsSchema = v.object({
  /** As Node names them, such as `linux` and `x64`. */
  platform: text,
  architecture: text,
  hostName: text,
  /** The folder of the user who is logged in there. */
  home: text,
  /** The program that runs the host program. */
  node: programSchema,
  /** With what it printed of its version; absent where there is no such program. */
  git: v.exactOptional(programSchema),
  /** All agents by the names of this version, with what is wrong with those that cannot be used. */
  agents: v.pipe(
    v.array(v.object({ name: text, version: v.exactOptional(text), missing: v.exactOptional(text) })),
    v.maxLength(100),
  ),
  /** Ids of the machine, of its boot and of the pid namespace; '' where the system does not tell. */
  machine: v.object({ machine: text, boot: text, pidNamespace: text }),
  /** Where it is a container: its id, '' where it is not known, and when its first process was started. */
  container: v.exactOptional(v.object({ id: text, firstProcessStart: text })),
  cores: count,
  memoryBytes: count,
  freeMemoryBytes: count,
  /** Of the disk that holds the folder for all that Corral keeps there. */
  disk: v.object({ bytes: count, freeBytes: count }),
  /** The host's clock, in milliseconds since 1970. */
  clockMs: count,
  /** Why the login shell's environment is not known; absent where it is. */
  environmentProblem: v.exactOptional(text),
});
export type HostFacts = v.InferOutput<typeof hostFactsSchema>;
