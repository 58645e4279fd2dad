import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { importDirection } from './scripts/lint/importDirection.mjs';
import { shortComments } from './scripts/lint/shortComments.mjs';

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
const otherLineEnds = {
  name: 'node:readline',
  message: 'It ends lines at U+2028, U+2029 and lone carriage returns too: use src/common/lines/readLines.ts.',
};
const restrictedImports = (options) => ({ '@typescript-eslint/no-restricted-imports': ['error', options] });

export default defineConfig(
  globalIgnores(['**/node_modules/', 'dist/', 'out/', '.vscode-test/', 'test/fixtures/']),
  js.configs.recommended,
  {
    plugins: { corral: { rules: { 'import-direction': importDirection, 'short-comments': shortComments } } },
    rules: {
      'corral/short-comments': 'error',
      // Prettier breaks no comment.
      'max-len': [
        'error',
        { code: 120, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreUrls: true },
      ],
    },
  },
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
    files: ['src/**', 'media/**'],
    rules: { 'corral/import-direction': 'error', 'max-lines': ['error', { max: 300 }] },
  },
  { files: ['test/**/*.ts', 'bench/**/*.ts'], rules: restrictedImports({ paths: [otherLineEnds] }) },
  {
    files: ['src/common/**', 'src/storage/**', 'src/protocol/**'],
    rules: restrictedImports({ paths: [vscodeAtRuntime, otherLineEnds], patterns: [blocking] }),
  },
  {
    files: ['src/supervisor/**'],
    rules: restrictedImports({ paths: [vscodeAtRuntime, otherLineEnds], patterns: [blocking] }),
  },
  {
    // They run in processes of their own, which may block.
    files: ['src/supervisor/runner/**', 'src/supervisor/hostProgram/**', 'src/supervisor/agents/demo/**'],
    rules: restrictedImports({ paths: [vscodeAtRuntime, otherLineEnds] }),
  },
  {
    files: ['src/views/**', 'src/extension.ts'],
    rules: restrictedImports({ paths: [otherLineEnds], patterns: [blocking] }),
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
    files: ['src/protocol/**', 'media/**'],
    rules: restrictedImports({ patterns: [{ regex: '^(node:|vscode$)', message: 'A page runs in a browser.' }] }),
  },
);
