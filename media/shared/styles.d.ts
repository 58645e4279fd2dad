declare module '*.css';
/** A bundle of ours as text, see `bundleAsText` in esbuild.mjs. */
declare module 'bundle:*' {
  const code: string;
  export default code;
}
