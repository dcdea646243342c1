import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '**/*.gen.*', '.cache/', '.rta/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // Numbers and booleans in a message read as one expects; objects and undefined do not, and stay forbidden.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Typed arrays and hot loops index by proven bounds; a check there would cost time and say nothing.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // noUncheckedIndexedAccess is off, so types don't say that a key or an index may miss: this would have the checks removed that matter.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // A port may be asynchronous where one of its adapters is not: `async` without `await` keeps its errors in the promise.
      '@typescript-eslint/require-await': 'off',
      // `() => things.push(x)` as a callback; the value is plainly not used.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `_` says that a parameter is there for the signature.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
      // What is only a type is imported as one, and a statement that imports only types loads nothing when the program runs.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // The switch over a union's tag is how stages are written: a new case must be thought of everywhere.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // The kernels' generated functions are made in one place, which says so beside the line.
      'no-new-func': 'error',
      eqeqeq: ['error', 'always'],
    },
  },
  {
    // What a library returns untyped, and deliberately wrong input, are daily bread in tests.
    files: ['**/test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
    },
  },
  // Configuration in plain JavaScript has no types to check by.
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
);
