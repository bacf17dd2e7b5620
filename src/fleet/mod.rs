//! Inventory and waves, pure over the configuration and what was observed.
