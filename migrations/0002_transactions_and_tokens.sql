CREATE TABLE `tokens` (
	`address` text PRIMARY KEY NOT NULL,
	`symbol` text,
	`name` text,
	`decimals` integer
);
--> statement-breakpoint
CREATE INDEX `events_by_transaction` ON `events` (unhex(substr(data ->> 'transactionHash', 1, 10)));
