import { defineConfig } from 'vite';

/** `vite build services/console/web`: that folder is the root, and paths here start from it. */
export default defineConfig({
  // Plain JSX is all that preact needs.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../../dist/services/console/web',
    emptyOutDir: true,
    target: 'es2022',
    // Data addresses would have to be allowed by the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
