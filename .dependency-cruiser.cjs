// Who may import whom. The rooms and their order are described in docs/architecture.md.
const rooms = 'boot|models|domain|workflows|activities|scoring|store|api|console|cli|worker|migrations';

/** A rule: files of `room` may import only what matches `allowed` among our own rooms. */
const room = (name, allowed, extra = {}) => ({
  name: `${name}-imports`,
  severity: 'error',
  comment: `${name}/ may import only: ${allowed.length ? allowed.join(', ') : 'nothing of ours'}.`,
  from: { path: `^${name}/`, ...extra.from },
  to: { path: `^(${rooms})/`, pathNot: [name, ...allowed].map((path) => `^${path}`), ...extra.to },
});

module.exports = {
  forbidden: [
    room('boot', []),
    room('domain', []),
    room('models', ['domain/']),
    room('store', ['boot/', 'domain/']),
    room('scoring', ['domain/', 'store/']),
    room('activities', ['boot/', 'domain/', 'scoring/', 'store/', 'workflows/contracts']),
    room('api', ['domain/', 'scoring/', 'store/', 'console/', 'workflows/contracts']),
    room('worker', ['boot/', 'domain/', 'scoring/', 'store/', 'activities/', 'workflows/', 'migrations/']),
    room('migrations', []),
    {
      name: 'workflow-imports',
      severity: 'error',
      comment:
        'workflows/ may import workflows/, types of activities/, domain/lifecycle/approval and written-text.',
      from: { path: '^workflows/' },
      to: {
        path: `^(${rooms})/`,
        pathNot: ['^workflows/', '^domain/lifecycle/(approval|written-text)\\.ts$', '^activities/'],
      },
    },
    {
      name: 'workflow-activity-types',
      severity: 'error',
      comment: 'workflows/ may know activities/ by type only.',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'console-types',
      severity: 'error',
      comment: 'console/ imports only types of other rooms.',
      from: { path: '^console/' },
      to: { path: `^(${rooms})/`, pathNot: '^console/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Two files that need each other are one concept in the wrong place.',
      from: { pathNot: '^test/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { pathNot: '^(test|bench|scripts)/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|\\.tidegate|\\.build)' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
