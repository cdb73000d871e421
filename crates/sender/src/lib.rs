//! Sources, change detection, outbox, transport, answers.
