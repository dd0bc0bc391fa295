CREATE TABLE `relay_position` (
	`id` integer PRIMARY KEY NOT NULL,
	`sequence` integer NOT NULL,
	`change` text NOT NULL
);
