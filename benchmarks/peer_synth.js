// CDKTF's JavaScript peer: node peer_synth.js MODULES.json OUTDIR. Prints its own seconds as JSON.
const started = performance.now();
const { App, TerraformHclModule, TerraformStack } = require("cdktf");
const modules = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
const loaded = performance.now();
const app = new App({ outdir: process.argv[3] });
const stack = new TerraformStack(app, "pipelines");
for (const { name, source, variables } of modules) {
  // tfgen copies no module either.
  new TerraformHclModule(stack, name, { source, variables, skipAssetCreationFromLocalModules: true });
}
const constructed = performance.now();
app.synth();
const done = performance.now();
console.log(
  JSON.stringify({
    load: (loaded - started) / 1000,
    construct: (constructed - loaded) / 1000,
    synth: (done - constructed) / 1000,
  }),
);
