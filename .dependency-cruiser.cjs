// Who may import whom. The rooms and their order are described in docs/architecture.md.
const rooms =
  'boot|client|models|domain|workflows|activities|scoring|store|operations|api|console|cli|worker|migrations';

/** A rule: files of `room` may import only what matches `allowed` among our own rooms. */
const room = (name, allowed, extra = {}) => ({
  name: `${name}-imports`,
  severity: 'error',
  comment: `${name}/ may import only: ${allowed.length ? allowed.join(', ') : 'nothing of ours'}.`,
  from: { path: `^${name}/`, ...extra.from },
  to: { path: `^(${rooms})/`, pathNot: [name, ...allowed].map((path) => `^${path}`), ...extra.to },
});

// The rooms inside a room, from the top floor to the ground floor: a folder may import only from the floors below it.
// Types count as well. A new folder needs its place here; README.md of each room says what belongs in it.
const floors = {
  domain: [
    'domain/features/derived',
    'domain/features',
    'domain/decisions/card',
    'domain/decisions/describe',
    'domain/decisions/report',
    'domain/decisions',
    'domain/quality',
    'domain/performance',
    'domain/drift/tables',
    'domain/drift/evidently',
    'domain/drift/calibration',
    'domain/drift',
    'domain/drift/multivariate',
    'domain/drift/statistics',
    'domain/learning',
    'domain/learning/compare',
    'domain/learning/artifact',
    'domain/learning/encode',
    'domain/learning/solvers',
    'domain/learning/metrics',
    'domain/learning/resample',
    'domain/data/profile',
    'domain/data/stats',
    'domain/data',
    'domain/data/math',
    'domain/registry',
    'domain/identity',
    'domain/model',
    'domain/model/schema',
    'domain/model/derived',
    'domain/model/parts',
    'domain',
  ],
  store: [
    'store',
    'store/profiles',
    'store/online',
    'store/import',
    'store/import/csv',
    'store/import/parquet',
    'store/import/rows',
    'store/audit',
    'store/datasets',
    'store/definitions',
    'store/join/merge',
    'store/join',
    'store/registry',
    'store/identity',
    'store/postgres',
    'store/network',
  ],
  workflows: ['workflows', 'workflows/protocol'],
  activities: ['activities', 'activities/compute'],
  api: [
    'api',
    'api/pages',
    'api/routes',
    'api/protocols',
    'api/plugins',
    'api/context',
    'api/online-features',
    'api/prediction',
    'api/identity',
    'api/serving',
    'api/schemas',
  ],
  console: [
    'console/pages',
    'console/pages/version',
    'console/report',
    'console/parts',
    'console/charts',
    'console',
  ],
  cli: [
    'cli',
    'cli/commands',
    'cli/commands/api',
    'cli/commands/audit',
    'cli/commands/dataset',
    'cli/commands/doctor',
    'cli/commands/drift',
    'cli/commands/features',
    'cli/commands/import',
    'cli/commands/version',
    'cli/commands/demo',
    'cli/commands/demo/streamflow',
    'cli/commands/start',
    'cli/runs',
    'cli/shared',
    'cli/local',
    'cli/local/temporal-binary',
    'cli/local/processes',
    'cli/output',
  ],
};

/** The files of a folder itself, without those of its folders. */
const filesOf = (folder) => `^${folder}/[^/]+$`;

/** A rule for each folder: nothing from the floors above it, nor from a folder that has no place yet. */
const floorRules = Object.entries(floors).flatMap(([name, order]) =>
  order.map((folder, at) => ({
    name: `${folder.replaceAll('/', '-')}-floor`,
    severity: 'error',
    comment: `${folder}/ may import only from these folders of ${name}: ${[folder, ...order.slice(at + 1)].join(', ')}.`,
    from: { path: filesOf(folder) },
    to: { path: `^${name}/`, pathNot: order.slice(at).map(filesOf) },
  })),
);

/** A folder without a place in the order would escape it. */
const placed = Object.entries(floors).map(([name, order]) => ({
  name: `${name}-has-floors`,
  severity: 'error',
  comment: `Give the folder its place in the order of ${name}.`,
  from: { path: `^${name}/`, pathNot: order.map(filesOf) },
  to: {},
}));

module.exports = {
  forbidden: [
    ...floorRules,
    ...placed,
    room('boot', []),
    room('client', []),
    room('domain', []),
    room('models', ['domain/']),
    room('store', ['boot/', 'domain/']),
    room('scoring', ['domain/', 'store/']),
    room('activities', ['boot/', 'domain/', 'scoring/', 'store/', 'workflows/protocol/']),
    room('operations', ['domain/', 'store/', 'activities/', 'workflows/protocol', 'worker/']),
    room('api', ['operations/', 'domain/', 'scoring/', 'store/', 'console/', 'workflows/protocol/']),
    room('worker', ['boot/', 'domain/', 'scoring/', 'store/', 'activities/', 'workflows/', 'migrations/']),
    room('migrations', []),
    room('console', ['domain/']),
    {
      name: 'workflow-imports',
      severity: 'error',
      comment:
        'workflows/ may import workflows/, types of activities/, approval and written-text of domain/decisions, domain/data/materialized.',
      from: { path: '^workflows/' },
      to: {
        path: `^(${rooms})/`,
        pathNot: [
          '^workflows/',
          '^domain/decisions/(approval|written-text)\\.ts$',
          '^domain/data/materialized\\.ts$',
          '^activities/',
        ],
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
      name: 'no-circular',
      severity: 'error',
      comment: 'Two files that need each other are one concept in the wrong place. Types count as well.',
      from: { pathNot: '^test/' },
      to: { circular: true },
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
