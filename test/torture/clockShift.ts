/** Loaded before a runner's own code: some time into the run, the clock steps back by an hour. */
const HOUR_MS = 3_600_000;
const stepAfterMs = Number(process.env['CORRAL_TORTURE_CLOCK_STEPS_AFTER_MS']);
const now = Date.now.bind(Date);
const start = now();

Date.now = () => now() - (now() - start > stepAfterMs ? HOUR_MS : 0);
