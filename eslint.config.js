import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'reports/', 'docs/.vitepress/cache/', 'docs/.vitepress/dist/', 'docs/api/'] },
  ...tseslint.configs.strict,
  {
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // Token JSON and headers are dictionaries.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // A callback of the application may return a value or nothing.
      '@typescript-eslint/no-invalid-void-type': 'off',
      'no-console': 'error',
    },
  },
  {
    files: ['__tests__/**', 'examples/**', 'scripts/**', 'bench/**'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
    },
  },
  {
    // Written as the users of other libraries write.
    files: ['docs/**/code/**'],
    rules: { 'no-console': 'off' },
  },
  {
    // Jest runs CommonJS unless it is told otherwise.
    files: ['__tests__/package/user-projects/jest/**'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
)
