CREATE TABLE `ledger_hashes` (
	`sequence` integer PRIMARY KEY NOT NULL,
	`hash` text NOT NULL
);
