//! The story as data: who did what, when. A release on each Thursday, a hotfix on staging that master gets later, two branches to
//! try things with.

/// A change to one file.
pub enum Edit {
    /// The whole file.
    Write(&'static str, &'static str),
    /// The whole file, executable.
    Program(&'static str, &'static str),
    /// At its end.
    Append(&'static str, &'static str),
    /// One text by another.
    Replace(&'static str, &'static str, &'static str),
}

pub enum StoryStep {
    /// A commit on a branch.
    Commit { branch: &'static str, who: usize, when: (i64, i64, i64), message: &'static str, edits: &'static [Edit] },
    /// A new branch.
    Branch { name: &'static str, from: &'static str },
    /// A merge commit; `keep` are files that only the target has changed.
    Promote { from: &'static str, to: &'static str, who: usize, when: (i64, i64, i64), keep: &'static [&'static str] },
}

/// An author.
pub struct Person {
    pub name: &'static str,
    pub email: &'static str,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

/// Who took part.
pub const PEOPLE: [Person; 4] = [
    Person { name: "Ines Duarte", email: "ines@orders.example", offset_minutes: 60 },
    Person { name: "Tomasz Wolny", email: "tomasz@orders.example", offset_minutes: 120 },
    Person { name: "Aiko Mori", email: "aiko@orders.example", offset_minutes: 540 },
    Person { name: "Sam Okafor", email: "sam@orders.example", offset_minutes: -300 },
];
const INES: usize = 0;
const TOMASZ: usize = 1;
const AIKO: usize = 2;
const SAM: usize = 3;

/// Day 0 of the story, midnight UTC: Monday, 1 September 2025.
pub const MONDAY: i64 = 1_756_684_800;

/// The agent's revision in the first two releases.
pub const PPC_OLD: &str = "4be1f6d0c2a97e35d18b6f04a9c7e2d35f80b1a6";
const PPC_NEW: &str = "9d27c81e5fa04b63b8c1d9e27a60f4538c2e7b1d";

const SERVER: &str = "server/server.go";
const LIMITS: &str = "server/limits.go";
const STORE: &str = "store/store.go";
const AGENTS: &str = "agents/agents.go";
const README: &str = "README.md";
const LOCK: &str = "Gopkg.lock";
const TRAVIS: &str = ".travis.yml";

/// relwf.toml without its targets.
pub const CONFIGURATION: &str = include_str!("service/relwf.toml");

/// What lies beside the history in the work clone.
pub const BESIDE: [(&str, &str); 2] =
    [("fleet/observe", include_str!("service/observe")), ("fleet/update", include_str!("service/update"))];

const fn commit(who: usize, when: (i64, i64, i64), message: &'static str, edits: &'static [Edit]) -> StoryStep {
    StoryStep::Commit { branch: "master", who, when, message, edits }
}

const fn on(
    branch: &'static str,
    who: usize,
    when: (i64, i64, i64),
    message: &'static str,
    edits: &'static [Edit],
) -> StoryStep {
    StoryStep::Commit { branch, who, when, message, edits }
}

const fn promote(from: &'static str, to: &'static str, who: usize, when: (i64, i64, i64)) -> StoryStep {
    StoryStep::Promote { from, to, who, when, keep: &[] }
}

use Edit::{Append, Program, Replace, Write};

/// Five weeks of a service.
#[rustfmt::skip] // Texts are longer than lines; one step a paragraph reads better.
pub const STORY: &[StoryStep] = &[
    // The first week: it stands up.
    commit(INES, (0, 9, 12), "Begin the orders service\n", &[
        Write(README, include_str!("service/README.md")),
        Write("main.go", include_str!("service/main.go")),
        Write(SERVER, include_str!("service/server.go")),
        Write(".gitignore", "/orders\n"),
    ]),
    commit(INES, (0, 11, 40), "Makefile and Travis: one target for each kind of build\n", &[
        Write("Makefile", include_str!("service/Makefile")),
        Program("ci/run", include_str!("service/ci_run")),
        Write(TRAVIS, include_str!("service/travis.yml")),
    ]),
    commit(TOMASZ, (1, 10, 5), "store: orders and their lines\n", &[Write(STORE, include_str!("service/store.go"))]),
    commit(TOMASZ, (1, 15, 31), "server: accept orders\n", &[
        Replace(SERVER, "\treturn mux\n", "\tmux.HandleFunc(\"/orders\", orders)\n\treturn mux\n"),
        Append(SERVER, "\nfunc orders(w http.ResponseWriter, r *http.Request) {\n\tw.WriteHeader(http.StatusAccepted)\n}\n"),
    ]),
    commit(AIKO, (2, 9, 0), "Pin dependencies with dep\n", &[Write(LOCK, include_str!("service/Gopkg.lock"))]),
    commit(AIKO, (2, 16, 20), "agents: hand orders to the customer's PPC\n", &[
        Write(AGENTS, include_str!("service/agents.go")),
    ]),
    commit(SAM, (3, 8, 45), "server: limits for each customer\n\nThe numbers are those of the contract with our first customer.\n", &[
        Write(LIMITS, include_str!("service/limits.go")),
    ]),
    commit(INES, (3, 9, 30), "README: when we release\n", &[
        Append(README, "\nThe on-call of the week promotes; the release notes name what ships.\n"),
    ]),
    StoryStep::Branch { name: "staging", from: "master" },
    commit(TOMASZ, (3, 14, 2), "store: when an order was taken\n", &[
        Replace(STORE, "\tCustomer string\n", "\tCustomer string\n\tTaken    time.Time\n"),
        Replace(STORE, "package store\n", "package store\n\nimport \"time\"\n"),
    ]),
    commit(SAM, (4, 10, 10), "server: refuse bodies that are too large\n", &[
        Replace(SERVER, "\tw.WriteHeader(http.StatusAccepted)\n",
            "\tr.Body = http.MaxBytesReader(w, r.Body, MaxBodyBytes)\n\tw.WriteHeader(http.StatusAccepted)\n"),
    ]),
    // The second week: the first release to production.
    StoryStep::Branch { name: "production", from: "staging" },
    commit(AIKO, (7, 9, 25), "agents: say which customer could not be reached\n", &[
        Replace(AGENTS, "\treturn ppc.Dial(customer).Send(order)\n",
            "\tif err := ppc.Dial(customer).Send(order); err != nil {\n\t\treturn errors.Wrapf(err, \"agent of %s\", customer)\n\t}\n\treturn nil\n"),
        Replace(AGENTS, "import ppc \"github.com/acme/ppc\"\n",
            "import (\n\tppc \"github.com/acme/ppc\"\n\t\"github.com/pkg/errors\"\n)\n"),
    ]),
    commit(INES, (8, 11, 3), "server: /version answers the commit\n", &[
        Replace(SERVER, "\treturn mux\n", "\tmux.HandleFunc(\"/version\", version)\n\treturn mux\n"),
        Append(SERVER, "\n// Commit is set by the linker.\nvar Commit = \"unknown\"\n\nfunc version(w http.ResponseWriter, r *http.Request) {\n\t_, _ = w.Write([]byte(Commit))\n}\n"),
    ]),
    commit(TOMASZ, (9, 13, 44), "store: keep orders in memory for now\n", &[
        Write("store/memory.go", "package store\n\n// Memory keeps orders until the process ends.\ntype Memory struct {\n\torders map[string]Order\n}\n\n// Put keeps an order.\nfunc (m *Memory) Put(o Order) {\n\tif m.orders == nil {\n\t\tm.orders = map[string]Order{}\n\t}\n\tm.orders[o.ID] = o\n}\n"),
    ]),
    commit(SAM, (10, 8, 15), "travis: SDK 0.16.4\n", &[Replace(TRAVIS, "--version 0.16.2", "--version 0.16.4")]),
    promote("master", "staging", INES, (10, 14, 0)),
    commit(TOMASZ, (10, 16, 12), "store: test that orders are kept\n", &[
        Write("store/memory_test.go", "package store\n\nimport \"testing\"\n\nfunc TestPut(t *testing.T) {\n\tm := &Memory{}\n\tm.Put(Order{ID: \"1\"})\n\tif len(m.orders) != 1 {\n\t\tt.Fatal(\"the order is gone\")\n\t}\n}\n"),
    ]),
    commit(AIKO, (11, 10, 50), "agents: give up after five seconds\n", &[
        Replace(AGENTS, "ppc.Dial(customer)", "ppc.DialTimeout(customer, patience)"),
        Append(AGENTS, "\nconst patience = 5 * time.Second\n"),
        Replace(AGENTS, "import (\n", "import (\n\t\"time\"\n\n"),
    ]),
    // The third week.
    commit(SAM, (14, 9, 5), "server: request ids in every log line\n", &[
        Write("server/log.go", "package server\n\nimport \"log\"\n\nfunc logf(id, format string, args ...interface{}) {\n\tlog.Printf(\"[\"+id+\"] \"+format, args...)\n}\n"),
    ]),
    promote("staging", "production", TOMASZ, (15, 10, 0)),
    commit(INES, (15, 15, 27), "server: answer 405 to what is not POST\n", &[
        Replace(SERVER, "\tr.Body = http.MaxBytesReader",
            "\tif r.Method != http.MethodPost {\n\t\tw.WriteHeader(http.StatusMethodNotAllowed)\n\t\treturn\n\t}\n\tr.Body = http.MaxBytesReader"),
    ]),
    commit(TOMASZ, (16, 11, 18), "store: find an order by its id\n", &[
        Append("store/memory.go", "\n// Get finds an order.\nfunc (m *Memory) Get(id string) (Order, bool) {\n\to, ok := m.orders[id]\n\treturn o, ok\n}\n"),
    ]),
    commit(AIKO, (16, 17, 2), "dep: mux 1.7.0\n", &[
        Replace(LOCK, "  revision = \"e3702bed27f0d39777b0b37b664b6280e8ef8fbf\"\n  version = \"v1.6.2\"",
            "  revision = \"a7962380ca08b5a188038c69871b8d3fbdf31e89\"\n  version = \"v1.7.0\""),
    ]),
    commit(SAM, (17, 8, 30), "README: how to run it on a laptop\n", &[
        Append(README, "\n## On a laptop\n\n    make build && ./orders\n    curl -d '{}' localhost:8080/orders\n"),
    ]),
    promote("master", "staging", TOMASZ, (17, 14, 5)),
    commit(INES, (18, 10, 22), "server: GET /orders/{id}\n", &[
        Replace(SERVER, "\treturn mux\n", "\tmux.HandleFunc(\"/orders/\", order)\n\treturn mux\n"),
        Append(SERVER, "\nfunc order(w http.ResponseWriter, r *http.Request) {\n\tw.WriteHeader(http.StatusNotImplemented)\n}\n"),
    ]),
    // The fourth week.
    commit(TOMASZ, (21, 9, 41), "server: read orders from the store\n", &[
        Replace(SERVER, "\tw.WriteHeader(http.StatusNotImplemented)\n",
            "\tif _, ok := orderStore.Get(r.URL.Path[len(\"/orders/\"):]); !ok {\n\t\tw.WriteHeader(http.StatusNotFound)\n\t}\n"),
        Append(SERVER, "\nvar orderStore store.Memory\n"),
        Replace(SERVER, "import \"net/http\"\n", "import (\n\t\"net/http\"\n\n\t\"example.com/orders/store\"\n)\n"),
    ]),
    promote("staging", "production", SAM, (22, 10, 10)),
    commit(AIKO, (22, 18, 15), "agents: the newest PPC, which takes orders in batches\n\nThe customers' agents are updated after production is out.\n", &[
        Replace(LOCK, "4be1f6d0c2a97e35d18b6f04a9c7e2d35f80b1a6", PPC_NEW),
        Replace(LOCK, "    \"wire\"\n", "    \"batch\",\n    \"wire\"\n"),
    ]),
    commit(AIKO, (23, 11, 30), "agents: send orders in batches\n", &[
        Write("agents/batch.go", "package agents\n\nimport \"github.com/acme/ppc/batch\"\n\n// DispatchAll hands many orders to one agent.\nfunc DispatchAll(customer string, orders []string) error {\n\treturn batch.Send(customer, orders)\n}\n"),
    ]),
    // A customer is flooded on a Wednesday night: fixed where it burns, on staging.
    on("staging", SAM, (23, 19, 48), "server: hotfix, halve the burst until the queue is fixed\n\nlighthouse was flooded last night.\n", &[
        Replace(LIMITS, "MaxBurst           = 200", "MaxBurst           = 100"),
    ]),
    commit(INES, (24, 9, 15), "server: count orders for each customer\n", &[
        Write("server/metrics.go", "package server\n\nimport \"expvar\"\n\nvar taken = expvar.NewMap(\"orders_taken\")\n"),
    ]),
    commit(TOMASZ, (25, 10, 2), "travis: SDK 0.17.0\n", &[Replace(TRAVIS, "--version 0.16.4", "--version 0.17.0")]),
    // Another author changes the same line in another way: a conflict to try.
    StoryStep::Branch { name: "feature/bursts-per-plan", from: "master" },
    on("feature/bursts-per-plan", TOMASZ, (25, 14, 37), "server: larger bursts for paying plans\n", &[
        Replace(LIMITS, "MaxBurst           = 200", "MaxBurst           = 400"),
    ]),
    // The hotfix comes to master too, so that the next release keeps it.
    commit(INES, (25, 9, 40), "server: halve the burst until the queue is fixed\n\nAs on staging since Wednesday.\n", &[
        Replace(LIMITS, "MaxBurst           = 200", "MaxBurst           = 100"),
    ]),
    // Not ready, and CI says so: a red check to try.
    StoryStep::Branch { name: "feature/refunds", from: "master" },
    on("feature/refunds", AIKO, (25, 17, 55), "server: refunds, first half\n", &[
        Write("server/refunds.go", "package server\n\n// FIXME: pays the refund twice when the request is repeated\nfunc refund(order string) error {\n\treturn nil\n}\n"),
    ]),
    // The fifth week, up to today.
    commit(SAM, (28, 8, 55), "store: forget orders after thirty days\n", &[
        Append("store/memory.go", "\n// Sweep forgets what is older than thirty days.\nfunc (m *Memory) Sweep(now time.Time) {\n\tfor id, o := range m.orders {\n\t\tif now.Sub(o.Taken) > 30*24*time.Hour {\n\t\t\tdelete(m.orders, id)\n\t\t}\n\t}\n}\n"),
        Replace("store/memory.go", "package store\n", "package store\n\nimport \"time\"\n"),
    ]),
    commit(INES, (28, 15, 20), "server: sweep the store every hour\n", &[
        Write("server/sweep.go", "package server\n\nimport \"time\"\n\nfunc sweep() {\n\tfor now := range time.Tick(time.Hour) {\n\t\torderStore.Sweep(now)\n\t}\n}\n"),
    ]),
    commit(TOMASZ, (29, 11, 44), "README: the endpoints\n", &[
        Append(README, "\n## Endpoints\n\n| Path | What it does |\n|---|---|\n| `POST /orders` | takes an order |\n| `GET /orders/{id}` | finds one |\n| `GET /version` | the commit that runs |\n| `GET /health` | is it up? |\n"),
    ]),
    commit(AIKO, (30, 10, 8), "agents: retry a batch once\n", &[
        Replace("agents/batch.go", "\treturn batch.Send(customer, orders)\n",
            "\tif err := batch.Send(customer, orders); err != nil {\n\t\treturn batch.Send(customer, orders)\n\t}\n\treturn nil\n"),
    ]),
];
