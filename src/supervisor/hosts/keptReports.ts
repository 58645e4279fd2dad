import * as v from 'valibot';
import type { HostCheck, HostTestReport } from './hostsApi';

/** Values that outlive a window, such as VS Code's own for an extension. */
export interface KeptValues {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const text = v.string();
const count = v.pipe(v.number(), v.minValue(0));
const spaceSchema = v.object({ bytes: count, freeBytes: count });
const checkSchema: v.GenericSchema<unknown, HostCheck> = v.object({
  name: v.picklist(['connection', 'node', 'git', 'agents', 'bytes', 'detached', 'clock', 'disk']),
  state: v.picklist(['passed', 'warning', 'failed']),
  found: text,
  advice: v.exactOptional(text),
  code: v.exactOptional(
    v.picklist(['HOST_CLOCK_OFF', 'HOST_CANNOT_DETACH', 'HOST_DISK_FULL', 'HOST_GIT_MISSING', 'HOST_FAILED']),
  ),
});
const reportSchema: v.GenericSchema<unknown, HostTestReport> = v.object({
  host: text,
  testedAt: v.pipe(text, v.isoTimestamp()),
  hostName: text,
  connectMs: count,
  roundTripMs: count,
  usable: v.boolean(),
  checks: v.array(checkSchema),
  agents: v.array(v.object({ name: text, version: v.exactOptional(text) })),
  cores: count,
  memory: spaceSchema,
  disk: spaceSchema,
  printed: text,
});
const keptSchema = v.object({ entry: text, report: reportSchema });

/** What the last test of each host found, until its entry in the setting changes. */
export class KeptReports {
  readonly #values: KeptValues;

  constructor(values: KeptValues) {
    this.#values = values;
  }

  /** `entry` is the host's entry as JSON. */
  read(host: string, entry: string): HostTestReport | undefined {
    const kept = v.safeParse(keptSchema, this.#values.get(keyOf(host)));
    return kept.success && kept.output.entry === entry ? kept.output.report : undefined;
  }

  async keep(report: HostTestReport, entry: string): Promise<void> {
    await this.#values.update(keyOf(report.host), { entry, report });
  }
}

function keyOf(host: string): string {
  return `host test ${host}`;
}
