CREATE TABLE `corrections` (
	`id` integer PRIMARY KEY NOT NULL,
	`reach` text NOT NULL,
	`end_cursor` text NOT NULL
);
