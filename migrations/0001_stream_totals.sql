CREATE TABLE `stream_totals` (
	`address` text NOT NULL,
	`side` text NOT NULL,
	`token_address` text NOT NULL,
	`status` text NOT NULL,
	`streams` integer NOT NULL,
	`deposited_amount` text NOT NULL,
	`withdrawn_amount` text NOT NULL,
	PRIMARY KEY(`address`, `side`, `token_address`, `status`)
);
--> statement-breakpoint
INSERT INTO `stream_totals` SELECT `sender`, 'sender', `token_address`, `status`, count(*), decimal_sum(`deposited_amount`), decimal_sum(`withdrawn_amount`) FROM `streams` GROUP BY `sender`, `token_address`, `status`;--> statement-breakpoint
INSERT INTO `stream_totals` SELECT `recipient`, 'recipient', `token_address`, `status`, count(*), decimal_sum(`deposited_amount`), decimal_sum(`withdrawn_amount`) FROM `streams` GROUP BY `recipient`, `token_address`, `status`;--> statement-breakpoint
INSERT INTO `stream_totals` SELECT '', 'all', `token_address`, `status`, count(*), decimal_sum(`deposited_amount`), decimal_sum(`withdrawn_amount`) FROM `streams` GROUP BY `token_address`, `status`;
