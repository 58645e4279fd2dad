/** The setting `corral.hosts`: other machines and containers, and how each is reached. */
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { CorralError } from '../../storage/errors';
import { parseNamedEntries } from '../agents/namedEntries';
import type { HostKind } from './hostsApi';

/** Of the host's own files; the shell there knows its home folder. */
const placeSchema = v.pipe(
  v.string(),
  v.regex(/^(?:~\/|\/)[^\0\n\r]+$/, () => l10n.t('Use an absolute path there, or one that begins with “~/”.')),
);
const wordSchema = v.pipe(
  v.string(),
  v.regex(/^[^\0]+$/, () => l10n.t('Use no empty word.')),
);

/** It hands the words of a command to a shell there as one text, in which their bounds are lost. */
const SSH_PROGRAM = /(?:^|[/\\])ssh(?:\.exe)?$/i;

/** They pass no input on unless they are asked to. */
const CONTAINER_PROGRAM = /(?:^|[/\\])(?:docker|podman|nerdctl|kubectl|oc)(?:\.exe)?$/i;
const PASSES_INPUT = /^(?:-[a-z]*i[a-z]*|--(?:interactive|stdin)(?:=true)?)$/;

/** They make several jobs of one, or wait for its end. */
const REFUSED_OPTIONS = /^(?:-[aW]|--(?:ar|wr|wai(?!t-)))/;

const slurmSchema = v.strictObject({
  partition: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[^\s\0]+$/, () => l10n.t('Use the name of a partition.')),
    ),
  ),
  /** Options of `sbatch`. */
  args: v.optional(
    v.array(
      v.pipe(
        v.string(),
        v.regex(/^-[^\0]+$/, () => l10n.t('Write each option of sbatch as one word, such as --time=4:00:00.')),
        v.check(
          (word) => !REFUSED_OPTIONS.test(word),
          () => l10n.t('A session is one job, for whose end nobody waits: leave out --array, --wrap and --wait.'),
        ),
      ),
    ),
  ),
});

const hostSettingSchema = v.pipe(
  v.strictObject({
    /** A name that ssh knows, such as a `Host` of its configuration. One that begins with “-” would be an option. */
    ssh: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^[^\s\0-][^\s\0]*$/, () => l10n.t('Use a name of your ssh configuration, or user@host.')),
      ),
    ),
    /** A program and its arguments that run what follows them on the host. */
    exec: v.optional(
      v.pipe(
        v.tupleWithRest([wordSchema], wordSchema),
        v.check(
          ([program]) => !SSH_PROGRAM.test(program),
          () =>
            l10n.t(
              'Name a machine behind ssh by “ssh” in place of “exec”: by its name in your ssh configuration, where its options stand.',
            ),
        ),
        v.check(
          ([program, ...words]) =>
            !CONTAINER_PROGRAM.test(program) ||
            !words.includes('exec') ||
            words.some((word) => PASSES_INPUT.test(word)),
          () => l10n.t('Add “-i” behind “exec”, without which nothing is passed on to the container.'),
        ),
      ),
    ),
    /** It is a login node of Slurm: each run is a job. */
    slurm: v.optional(slurmSchema),
    /** The Node program there; one is looked for where absent. */
    node: v.optional(placeSchema),
    /** The git program there; that of the login shell's PATH where absent. */
    git: v.optional(placeSchema),
    /** The folder for all that Corral keeps there. */
    root: v.optional(placeSchema),
    maxConcurrentRuns: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const { ssh, exec, ...options } = dataset.value;
    if (ssh !== undefined && exec === undefined) return { ...options, ssh };
    if (exec !== undefined && ssh === undefined) return { ...options, exec };
    addIssue({ message: l10n.t('Set either “ssh” or “exec”.') });
    return NEVER;
  }),
);
const hostNameSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][\w.-]{0,63}$/, () =>
    l10n.t('Use only letters, digits, “.”, “_” and “-” in the name of a host.'),
  ),
);

/** A host as the setting has it. */
export type HostSetting = v.InferOutput<typeof hostSettingSchema>;
/** By the host's name: its setting, or a sentence that says what is wrong with that. */
export type HostSettings = ReadonlyMap<string, HostSetting | { mistake: string }>;

/**
 * The value of the setting. A wrong entry makes only its own host unusable.
 * @throws HOST_SETTINGS_INVALID where there are no entries at all
 */
export function parseHostSettings(value: unknown): HostSettings {
  return parseNamedEntries(value, {
    setting: 'corral.hosts',
    code: 'HOST_SETTINGS_INVALID',
    nameSchema: hostNameSchema,
    entrySchema: hostSettingSchema,
  });
}

export function kindOfHost(setting: HostSetting): HostKind {
  if (setting.slurm !== undefined) return 'slurm';
  return 'ssh' in setting ? 'ssh' : 'exec';
}

/** What a person has set for the jobs of a host, as options of `sbatch`. */
export function sbatchOptions({ slurm }: HostSetting): string[] {
  const { partition, args = [] } = slurm ?? {};
  return [...(partition === undefined ? [] : [`--partition=${partition}`]), ...args];
}

/** @throws HOST_UNKNOWN, HOST_SETTINGS_INVALID */
export function hostSettingOf(name: string, settings: HostSettings): HostSetting {
  const setting = settings.get(name);
  if (setting === undefined)
    throw new CorralError(
      'HOST_UNKNOWN',
      l10n.t('There is no host “{name}”. Add it to the setting corral.hosts.', { name }),
    );
  if ('mistake' in setting) throw new CorralError('HOST_SETTINGS_INVALID', setting.mistake);
  return setting;
}
