CREATE TABLE `chain_records` (
	`stream_id` text PRIMARY KEY NOT NULL,
	`ledger` integer NOT NULL,
	`read_ledger` integer NOT NULL,
	`record` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `chain_records_by_ledger` ON `chain_records` (`ledger`);--> statement-breakpoint
CREATE TABLE `checkpoint` (
	`id` integer PRIMARY KEY NOT NULL,
	`cursor` text NOT NULL,
	`ledger` integer NOT NULL,
	`ledger_closed_at` integer,
	`tip_ledger` integer NOT NULL,
	`tip_closed_at` integer,
	`oldest_ledger` integer,
	`oldest_closed_at` integer
);
--> statement-breakpoint
CREATE TABLE `coverage` (
	`from_ledger` integer PRIMARY KEY NOT NULL,
	`to_ledger` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `event_counts` (
	`type` text PRIMARY KEY NOT NULL,
	`count` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `events` (
	`id` text PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`stream_id` text,
	`sender` text,
	`recipient` text,
	`data` text NOT NULL,
	`raw` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `events_by_stream` ON `events` (`stream_id`,`id`,`type`) WHERE stream_id is not null;--> statement-breakpoint
CREATE INDEX `events_by_sender` ON `events` (`sender`,`id`,`type`) WHERE sender is not null;--> statement-breakpoint
CREATE INDEX `events_by_recipient` ON `events` (`recipient`,`id`,`type`) WHERE recipient is not null;--> statement-breakpoint
CREATE INDEX `events_by_type` ON `events` (`type`,`id`);--> statement-breakpoint
CREATE TABLE `gaps` (
	`from_ledger` integer NOT NULL,
	`to_ledger` integer NOT NULL,
	`reason` text NOT NULL,
	`declared_at` integer NOT NULL,
	`repaired` integer NOT NULL,
	PRIMARY KEY(`from_ledger`, `to_ledger`)
);
--> statement-breakpoint
CREATE TABLE `identity` (
	`id` integer PRIMARY KEY NOT NULL,
	`network_passphrase` text NOT NULL,
	`contract_id` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `ledger_hashes` (
	`sequence` integer PRIMARY KEY NOT NULL,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `streams` (
	`stream_id` text PRIMARY KEY NOT NULL,
	`sender` text NOT NULL,
	`recipient` text NOT NULL,
	`token_address` text NOT NULL,
	`rate_per_second` text NOT NULL,
	`deposited_amount` text NOT NULL,
	`withdrawn_amount` text NOT NULL,
	`start_time` text NOT NULL,
	`last_update_time` text NOT NULL,
	`is_active` integer NOT NULL,
	`paused` integer NOT NULL,
	`paused_at` text,
	`chain_status` text NOT NULL,
	`ended` text,
	`ended_at` integer,
	`created_ledger` integer,
	`updated_ledger` integer NOT NULL,
	`last_event_id` text,
	`origin` text NOT NULL,
	`live_until_ledger` integer,
	`status` text NOT NULL,
	`created_order` text NOT NULL,
	`start_order` text NOT NULL,
	`end_order` text NOT NULL,
	`deposited_order` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `streams_status_created` ON `streams` (`status`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_status_start` ON `streams` (`status`,`start_order`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_status_end` ON `streams` (`status`,`end_order`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_status_deposited` ON `streams` (`status`,`deposited_order`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_status_updated` ON `streams` (`status`,`updated_ledger`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_sender_created` ON `streams` (`sender`,`status`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_sender_start` ON `streams` (`sender`,`status`,`start_order`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_sender_end` ON `streams` (`sender`,`status`,`end_order`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_sender_deposited` ON `streams` (`sender`,`status`,`deposited_order`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_sender_updated` ON `streams` (`sender`,`status`,`updated_ledger`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_recipient_created` ON `streams` (`recipient`,`status`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_recipient_start` ON `streams` (`recipient`,`status`,`start_order`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_recipient_end` ON `streams` (`recipient`,`status`,`end_order`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_recipient_deposited` ON `streams` (`recipient`,`status`,`deposited_order`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_recipient_updated` ON `streams` (`recipient`,`status`,`updated_ledger`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_token_created` ON `streams` (`token_address`,`status`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_token_start` ON `streams` (`token_address`,`status`,`start_order`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_token_end` ON `streams` (`token_address`,`status`,`end_order`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_token_deposited` ON `streams` (`token_address`,`status`,`deposited_order`,`created_order`);--> statement-breakpoint
CREATE INDEX `streams_token_updated` ON `streams` (`token_address`,`status`,`updated_ledger`,`created_order`);