import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { shortComments } from './scripts/lint/shortComments.mjs';

/** Imports go one way: storage ← supervisor ← views ← extension. `media` and `test` are imported by nothing of these. */
const otherFolders = (names, message) => ({ regex: `^\\.{1,2}/(.*/)?(${names})(/|$)`, message });
/** The extension host must never wait for a disk or a process. */
const blocking = {
  group: ['node:fs', 'node:child_process', 'fs', 'child_process'],
  importNamePattern: 'Sync$',
  message: 'This would block the extension host.',
};
const vscodeAtRuntime = {
  name: 'vscode',
  message: 'Only src/views and src/extension.ts touch VS Code.',
  allowTypeImports: true,
};
const restrictedImports = (options) => ({ '@typescript-eslint/no-restricted-imports': ['error', options] });

export default defineConfig(
  globalIgnores(['**/node_modules/', 'dist/', 'out/', '.vscode-test/', 'test/fixtures/']),
  js.configs.recommended,
  { plugins: { corral: { rules: { 'short-comments': shortComments } } } },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'fetch',
          'URL',
          'Buffer',
          'performance',
          'AbortController',
          'AbortSignal',
          'TextDecoder',
          'TextEncoder',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', { max: 370, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'always' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // One short method for each promise of the API, in one place.
    files: ['src/supervisor/supervisor.ts', 'src/views/timeline/timelineHost.ts'],
    rules: { 'max-lines': ['error', { max: 370, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ['src/storage/**'],
    rules: restrictedImports({
      paths: [{ name: 'vscode', message: vscodeAtRuntime.message }],
      patterns: [
        otherFolders('supervisor|views|media|test|extension', 'Storage imports nothing of ours but storage.'),
        blocking,
      ],
    }),
  },
  {
    files: ['src/supervisor/**'],
    rules: restrictedImports({
      paths: [vscodeAtRuntime],
      patterns: [otherFolders('views|media|test|extension', 'The supervisor imports only storage.'), blocking],
    }),
  },
  {
    files: ['src/supervisor/runner/**', 'src/supervisor/agents/demo/demoAgent.ts'],
    // Processes of their own: they may block.
    rules: restrictedImports({
      paths: [vscodeAtRuntime],
      patterns: [otherFolders('views|media|test|extension', 'The supervisor imports only storage.')],
    }),
  },
  {
    files: ['src/views/**', 'src/extension.ts'],
    rules: restrictedImports({
      patterns: [otherFolders('media|test', 'The extension imports neither the webview nor tests.'), blocking],
    }),
  },
  {
    files: ['src/views/**'],
    rules: restrictedImports({
      patterns: [otherFolders('media|test|extension', 'Views import storage and supervisor.'), blocking],
    }),
  },
  {
    files: ['src/views/**', 'src/extension.ts'],
    ignores: ['src/views/text/messages.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[property.name=/^show(Information|Warning|Error)Message$/]',
          message: 'VS Code follows links in messages, and most of them quote agents: use src/views/text/messages.ts.',
        },
      ],
    },
  },
  {
    files: ['media/**'],
    rules: restrictedImports({
      patterns: [
        {
          regex: '^(\\.\\./)+(?!src/(protocol/(timeline|overview)Protocol|storage/events)$)(src|test|dist)(/|$)',
          message: 'The webview knows only the message protocols and the types of events.',
        },
        { regex: '^(\\.\\./)+src/storage/events$', message: 'Only types of events.', allowTypeImports: true },
        { regex: '^(node:|vscode$)', message: 'The webview runs in a browser.' },
      ],
    }),
  },
);
