// A promotion with gitbeaker: node gitbeaker.js HOST TOKEN PROJECT BRANCH TARGET, in the folder that has `node_modules`. Says
// what it saw as JSON lines.
"use strict";
const path = require("path");
const { createRequire } = require("module");
const { Gitlab } = createRequire(path.join(process.cwd(), "x.js"))("@gitbeaker/rest");

const [host, token, project, branch, target] = process.argv.slice(2);
const say = (value) => console.log(JSON.stringify(value));

async function promotion() {
  const api = new Gitlab({ host, token });
  const { merge_method, squash_option } = await api.Projects.show(project);
  const { can_push, commit } = await api.Branches.show(project, target);
  say({ merge_method, squash_option, can_push, target: commit.id });

  const opened = await api.MergeRequests.create(project, branch, target, "Promote 1", { description: "ships", squash: false });
  const again = await api.MergeRequests.create(project, branch, target, "Promote 1").catch((error) => error.cause);
  say({ opened: opened.iid, sha: opened.sha, again: [again.response.status, again.description] });
  const listed = await api.MergeRequests.all({ projectId: project, sourceBranch: branch, state: "opened" });
  say({ listed: listed.map((request) => request.iid) });

  await api.Commits.editStatus(project, opened.sha, "success", { name: "outside", description: "fine" });
  const seen = [];
  for (let look = 0; look < 2; look += 1) {
    const statuses = await api.Commits.allStatuses(project, opened.sha);
    seen.push(statuses.map(({ name, status }) => `${name} ${status}`).sort());
  }
  say({ seen });
  const pipelines = await api.Pipelines.all(project, { sha: opened.sha, source: "merge_request_event" });
  const jobs = await api.Jobs.all(project, { pipelineId: pipelines[0].id });
  const trace = await api.Jobs.showLog(project, jobs[0].id);
  say({ pipeline: pipelines[0].status, jobs: jobs.map((job) => job.name), trace: trace.includes("make unit") });

  const wrong = await api.MergeRequests.merge(project, opened.iid, { sha: commit.id }).catch((error) => error.cause);
  say({ wrong: [wrong.response.status, wrong.description] });
  const merged = await api.MergeRequests.merge(project, opened.iid, { sha: opened.sha, mergeCommitMessage: "Promote 1" });
  say({ state: merged.state, merged: merged.merge_commit_sha });
  await api.MergeRequestNotes.create(project, opened.iid, "landed");
  const notes = await api.MergeRequestNotes.all(project, opened.iid);
  say({ notes: notes.map((note) => note.body) });

  const started = await api.Pipelines.create(project, target, { variables: [{ key: "RELWF_KEY", value: "k" }] });
  const variables = await api.Pipelines.allVariables(project, started.id);
  const stopped = await api.Pipelines.cancel(project, started.id);
  say({ variables: variables.map(({ key, value }) => `${key}=${value}`), stopped: stopped.id === started.id });

  const deployed = await api.Deployments.create(project, "beta", merged.merge_commit_sha, target, false, { status: "running" });
  await api.Deployments.edit(project, deployed.id, "success");
  const deployments = await api.Deployments.all(project, { environment: "beta", orderBy: "id", sort: "desc" });
  say({ deployed: deployments.map(({ status, environment }) => `${environment.name} ${status}`) });
}

promotion().catch((error) => {
  console.error(error, error.cause);
  process.exit(1);
});
