/** The arrows between the rooms of the house: who may import whom. Checked with types included. */

const app = (name) => `^apps/${name}/`;
const roomOfServer = '^apps/server/src/([^/]+)/';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'everything-resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'page-and-cli-know-only-the-types-of-the-server',
      comment: 'They talk to it over the wire; its code must never be bundled with them.',
      severity: 'error',
      from: { path: '^apps/(web|cli)/', pathNot: '/(test|e2e)/' },
      to: { path: app('server'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'page-and-cli-see-the-server-only-through-its-router',
      severity: 'error',
      from: { path: '^apps/(web|cli)/', pathNot: '/(test|e2e)/' },
      to: { path: app('server'), pathNot: '^apps/server/src/router\\.ts$' },
    },
    {
      name: 'apps-are-not-libraries',
      severity: 'error',
      from: { path: '^(apps/server|packages)/' },
      to: { path: '^apps/(web|cli)/' },
    },
    { name: 'packages-stand-alone', severity: 'error', from: { path: '^packages/' }, to: { path: '^apps/' } },
    {
      name: 'only-the-data-plane-knows-libbpf',
      comment: 'And what the benchmark compares it with.',
      severity: 'error',
      from: {
        path: '^(apps|packages)/',
        pathNot: '^(apps/server/(src/dataplane|test)/|packages/libbpf/|packages/bench/src/textbook\\.ts$)',
      },
      to: { path: '^packages/libbpf/' },
    },
    {
      name: 'libbpf-and-shared-know-nothing-of-sidestep',
      severity: 'error',
      from: { path: '^packages/(libbpf|shared)/' },
      to: { path: '^(apps|packages)/', pathNot: '^packages/$1/' },
    },
    {
      name: 'the-data-plane-is-one-interface',
      comment: 'What it is made of is known to main.ts, which puts it together, and to itself.',
      severity: 'error',
      from: {
        path: '^apps/server/src/',
        pathNot: '^apps/server/src/(dataplane/|main\\.ts$|[^/]+\\.test\\.ts$)',
      },
      to: { path: '^apps/server/src/dataplane/', pathNot: '^apps/server/src/dataplane/dataplane\\.ts$' },
    },
    {
      name: 'the-data-plane-knows-no-noun',
      severity: 'error',
      from: { path: '^apps/server/src/dataplane/' },
      to: {
        path: '^apps/server/src/(acceleration|check-up|connections|events|http|settings|sign-in|splicers|statistics|trace|trpc)/',
      },
    },
    {
      name: 'nouns-do-not-know-http',
      severity: 'error',
      from: {
        path: '^apps/server/src/(acceleration|check-up|connections|events|settings|splicers|statistics|trace)/',
      },
      to: { path: '^apps/server/src/http/' },
    },
    {
      name: 'nobody-imports-main',
      severity: 'error',
      from: { path: roomOfServer },
      to: { path: '^apps/server/src/main\\.ts$' },
    },
    {
      name: 'tests-are-not-imported',
      severity: 'error',
      from: { path: '^(apps|packages)/[^/]+/src/', pathNot: '\\.test\\.tsx?$' },
      to: { path: '^(apps|packages)/[^/]+/(test|e2e)/|\\.test\\.tsx?$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|build|out|\\.next)/|^scripts-x' },
    tsPreCompilationDeps: true,
    // For the page's own `@/`, which nobody else uses.
    tsConfig: { fileName: 'apps/web/tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
