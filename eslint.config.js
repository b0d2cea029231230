// Lint rules. Workflow files carry extra bans: what they must not touch breaks replay.
import { builtinModules } from 'node:module';
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const allowedInWorkflows = new Set(['assert', 'url', 'util']);
const nodeBuiltins = builtinModules
  .filter((name) => !allowedInWorkflows.has(name))
  .flatMap((name) => [name, `node:${name}`]);

export default tseslint.config(
  { ignores: ['node_modules/**', '.tidegate/**', '.build/**'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/require-await': 'off',
      // Leaving a key out of an object by naming it is what a rest is for.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    // The loops: deterministic code only. Activities are known by type, never by value.
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', ...nodeBuiltins],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/activities/**'],
              allowTypeImports: true,
              message: 'Workflows import activities by type only.',
            },
          ],
        },
      ],
    },
  },
  {
    // Work that holds a connection and waits for another can wait for ever; these two take them all before they begin.
    files: ['store/**/*.ts', 'activities/**/*.ts', 'scoring/**/*.ts', 'api/**/*.ts', 'worker/**/*.ts'],
    ignores: ['store/postgres/connections.ts', 'store/postgres/migrate.ts', 'store/import/import-files.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='connect'][callee.object.property.name='pool']",
          message: 'Use withConnections of store/postgres/connections.ts.',
        },
        {
          selector:
            "CallExpression[callee.property.name='transaction'][callee.object.property.name='kysely']",
          message: 'Use inKyselyTransaction of store/postgres/connections.ts.',
        },
      ],
    },
  },
  {
    files: ['cli/**/*.ts', 'bin/**', 'bench/**/*.ts', 'scripts/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', module: 'writable', URL: 'readonly' },
    },
  },
  {
    // The script of the pages runs in browsers.
    files: ['console/assets/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'window',
          'document',
          'location',
          'fetch',
          'setTimeout',
          'addEventListener',
          'DOMParser',
          'EventSource',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
