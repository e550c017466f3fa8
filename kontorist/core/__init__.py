"""What everything else stands on: errors, values, the office, the shape of a flow, the audit chain."""
