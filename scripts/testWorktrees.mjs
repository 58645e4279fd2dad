/**
 * `npm run test:worktrees`: the long form of tests about worktrees, such as 500 random worktrees deleted and restored,
 * a hundred windows killed, and each setting of git that can name a program.
 */
process.env.CORRAL_GIT_STATES ??= '500';
process.env.CORRAL_WORKTREE_KILLS ??= '26';
process.env.CORRAL_EACH_SETTING ??= '1';
process.env.CORRAL_TEST_MINUTES ??= '600';
process.argv.push('unit', '--grep=random states|goes on writing|windows that are killed|every setting of git');
await import('./test.mjs');
