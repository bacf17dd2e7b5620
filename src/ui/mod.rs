//! What people see. Only this room prints.
