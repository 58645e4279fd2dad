import * as v from 'valibot';

const text = v.string();

/** Who a process is; a pid alone proves nothing, since pids are reused. Fields that a platform cannot tell are ''. */
export const identitySchema = v.object({
  host: text,
  boot: text,
  pidNamespace: text,
  pid: v.pipe(v.number(), v.integer(), v.minValue(0)),
  startTime: text,
});
export type ProcessIdentity = v.InferOutput<typeof identitySchema>;
