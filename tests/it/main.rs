//! Every integration test, in one binary: real repositories, real servers, the real command line.

#![recursion_limit = "256"] // whole JSON objects
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod changelog;
mod cli_basics;
mod cli_doubt;
mod cli_edited;
mod cli_help;
mod cli_preempt;
mod cli_preview;
mod cli_process;
mod cli_quiet;
mod cli_red_deploy;
mod cli_run;
mod cli_setup;
mod cli_show;
mod cli_streams;
mod cli_undo;
mod config;
mod delta;
mod delta_formats;
mod delta_parsers;
mod demo;
mod docs;
mod durable;
mod effects;
mod forge_local;
mod forges;
mod git_mirror;
mod git_push;
mod git_read;
mod git_servers;
mod github_fake;
mod github_octocrab;
mod gitolite;
mod hidden;
mod hints;
mod http;
mod http_wiremock;
mod https;
mod kill;
mod lying_clocks;
mod merge;
mod merge_answers;
mod merge_attributes;

mod merge_cases;
mod merge_edges;
mod merge_histories;
mod merge_places;
mod merge_random;
mod merge_store;
mod merge_support;
mod merge_trees;
mod notes;
mod picks;
mod promotion;
mod readme;
mod releases;
mod rooms;
mod script;
mod signing;
mod strangers;
mod support;
mod terminal;
mod travis_fake;
