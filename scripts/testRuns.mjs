/** `npm run test:runs`: the long form of tests about runs: fifty sessions in two windows, 100 MB, a slow disk. */
process.env.CORRAL_QUEUE_SESSIONS ??= '50';
process.env.CORRAL_SLOW_RUNNERS ??= '200';
process.env.CORRAL_FLOOD_MB ??= '100';
process.env.CORRAL_SLOW_SESSIONS ??= '600';
process.env.CORRAL_TEST_MINUTES ??= '90';
process.argv.push('unit', '--grep=many sessions|slow to start|an agent that floods');
await import('./test.mjs');
