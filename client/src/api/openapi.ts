// Generated from /openapi.json by `npm run client:types`. Do not change it by hand.

export interface paths {
    "/streams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Streams, by any filter and sort */
        get: operations["getStreams"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{address}/streams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The streams that an address sends or receives, by any filter and sort */
        get: operations["getUsersAddressStreams"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/streams/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One stream, now or at the end of a ledger */
        get: operations["getStreamsId"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/streams/{id}/claimable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the recipient could withdraw at a time */
        get: operations["getStreamsIdClaimable"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/streams/{id}/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the balance of a stream came to be, step by step */
        get: operations["getStreamsIdExplain"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The event log */
        get: operations["getEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/streams/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The events of one stream */
        get: operations["getStreamsIdEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{address}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The events of the streams that an address sends or receives */
        get: operations["getUsersAddressEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{address}/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an address pays and receives, per token */
        get: operations["getUsersAddressSummary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/transactions/{hash}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The events of a transaction, in order */
        get: operations["getTransactionsHash"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All streams, per token */
        get: operations["getSummary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process is alive */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Caught up, and no more than max_lag ledgers behind */
        get: operations["getReady"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Checkpoint, lag, runway, coverage, gaps, counts, endpoints */
        get: operations["getStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Subscriptions of the feed */
        get: operations["getEventsStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prometheus metrics */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last comparison of the streams with the storage of the contract */
        get: operations["getAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/ticket": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A ticket for one subscription, so that no token needs to be in a URL */
        post: operations["postAuthTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tokens/{address}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a token says about itself; read from the chain once, and kept */
        get: operations["getTokensAddress"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/subscriptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Open subscriptions, the oldest first */
        get: operations["getAdminSubscriptions"];
        put?: never;
        post?: never;
        /** End the subscriptions of a user */
        delete: operations["deleteAdminSubscriptions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/subscriptions/{clientId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End a subscription */
        delete: operations["deleteAdminSubscriptionsClientId"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{user}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether a user has open subscriptions */
        get: operations["getAdminUsersUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/announcements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a message to all subscriptions, or to those of some users */
        post: operations["postAdminAnnouncements"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/snapshot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The database at one position, as an SQLite file, without consumers and secrets */
        get: operations["getAdminSnapshot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A challenge to sign with the keys of a Stellar account (SEP-10) */
        get: operations["getAuth"];
        put?: never;
        /** A token for the account that has signed the challenge (SEP-10) */
        post: operations["postAuth"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/stellar.toml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How wallets find the SEP-10 server (SEP-1) */
        get: operations["getWellKnownStellarToml"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The live page */
        get: operations["get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/assets/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the live page loads */
        get: operations["getAssetsFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/subscribe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Subscribe to events */
        get: operations["getEventsSubscribe"];
        put?: never;
        /** Subscribe to events, with room for longer lists; QUERY is answered alike */
        post: operations["postEventsSubscribe"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The backend runs */
        get: operations["getV1"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Leads to /docs */
        get: operations["getV1ApiDocs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-docs.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Leads to /openapi.json */
        get: operations["getV1ApiDocsJson"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the chain is followed */
        get: operations["getV1Health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Subscriptions of the feed */
        get: operations["getV1EventsStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/indexer/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far the indexer is */
        get: operations["getV1AdminIndexerStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures, a minute old at most */
        get: operations["getV1AdminMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/subscribe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Subscribe to events */
        get: operations["getV1EventsSubscribe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The user of the token */
        get: operations["getV1UsersMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A user with the newest streams */
        get: operations["getV1UsersKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{address}/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an address pays and receives */
        get: operations["getV1UsersAddressSummary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/streams/summary/{address}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an address pays and receives */
        get: operations["getV1StreamsSummaryAddress"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/streams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Streams */
        get: operations["getV1Streams"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/streams/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One stream with all its events */
        get: operations["getV1StreamsId"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/streams/{id}/claimable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the recipient could withdraw at a time */
        get: operations["getV1StreamsIdClaimable"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/streams/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The events of a stream */
        get: operations["getV1StreamsIdEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The events of an address */
        get: operations["getV1Events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{key}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The events of an address, with their streams */
        get: operations["getV1UsersKeyEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document (OpenAPI 3.1) */
        get: operations["getOpenapiJson"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document as a page */
        get: operations["getDocs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the page loads */
        get: operations["getDocsFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Stream: {
            /**
             * @description u64, decimal
             * @example 1
             */
            streamId: string;
            sender: string;
            recipient: string;
            tokenAddress: string;
            /**
             * @description i128, decimal
             * @example 997500000
             */
            ratePerSecond: string;
            /**
             * @description i128, decimal
             * @example 997500000
             */
            depositedAmount: string;
            /**
             * @description i128, decimal
             * @example 997500000
             */
            withdrawnAmount: string;
            /**
             * @description as of asOf.ledgerClosedAt
             * @example 997500000
             */
            claimableAmount: string;
            /** @description Unix seconds */
            startTime: number | null;
            /** @description Unix seconds */
            lastUpdateTime: number | null;
            /** @description when an active stream runs dry */
            endTime: number | null;
            /** @description when it was cancelled or completed */
            endedAt: number | null;
            /** @enum {string} */
            status: "active" | "paused" | "cancelled" | "completed";
            isActive: boolean;
            isPaused: boolean;
            /** @description Unix seconds */
            pausedAt: number | null;
            createdLedger: number | null;
            updatedLedger: number;
            /** @example 0006442459533967360-0000000003 */
            lastEventId: string | null;
            /** @enum {string} */
            origin: "events" | "chain";
            /** @description the last ledger before the entry is archived, as last read from the chain */
            liveUntilLedger: number | null;
        };
        /** @description how far the log is, if the request waited for it */
        AsOf: {
            /** @example 0006442459533967360-0000000003 */
            cursor: string;
            ledger: number;
            /** Format: date-time */
            ledgerClosedAt: string | null;
        } | null;
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            errors?: {
                parameter: string;
                detail: string;
            }[];
            checkpoint?: components["schemas"]["AsOf"];
        };
        Claimable: {
            streamId: string;
            at: number;
            claimableAmount: string;
        };
        Explanation: {
            streamId: string;
            /** @description as of asOf.ledgerClosedAt */
            claimableAmount: string;
            /** @description one for each event of the stream, oldest first; fees change nothing */
            steps: components["schemas"]["Step"][];
        };
        Step: {
            /**
             * @description null for the first step of a stream that was read from the chain
             * @example 0006442459533967360-0000000003
             */
            eventId: string | null;
            ledger: number;
            /** @description Unix seconds; null if the close time of the ledger is not known */
            timestamp: number | null;
            transactionHash: string | null;
            /** @description what the event did, in words */
            change: string;
            /** @description i128, decimal */
            deposited: string;
            /** @description i128, decimal */
            withdrawn: string;
            /** @description after the event, at the time of its ledger */
            claimable: string;
            /** @example min((1767225700 - 1767225600) * 5, 1000 - 0) = 500 */
            formula: string;
        };
        /** @description One event as a flat object */
        Event: components["schemas"]["StreamCreatedEvent"] | components["schemas"]["StreamToppedUpEvent"] | components["schemas"]["StreamWithdrawnEvent"] | components["schemas"]["StreamCancelledEvent"] | components["schemas"]["StreamCompletedEvent"] | components["schemas"]["StreamPausedEvent"] | components["schemas"]["StreamResumedEvent"] | components["schemas"]["StreamFeeCollectedEvent"] | components["schemas"]["ProtocolInitializedEvent"] | components["schemas"]["ProtocolFeeConfigUpdatedEvent"] | components["schemas"]["ProtocolAdminTransferredEvent"] | components["schemas"]["UnrecognisedEvent"];
        StreamCreatedEvent: {
            /** @example 0006442459533967360-0000000003 */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "stream.created";
            /**
             * @description u64, decimal
             * @example 1
             */
            streamId: string;
            contractId: string;
            ledger: number;
            /** @description close time of the ledger, Unix seconds */
            timestamp: number;
            /** @description 64 hex digits */
            transactionHash: string;
            /** @description who pays the stream */
            sender: string | null;
            /** @description who is paid by the stream */
            recipient: string | null;
            /**
             * @description i128, decimal
             * @example 997500000
             */
            ratePerSecond: string;
            /** @description G… or C… */
            tokenAddress: string;
            /**
             * @description i128, decimal
             * @example 997500000
             */
            depositedAmount: string;
            /** @description Unix seconds; null beyond 2^53−1 */
            startTime: number | null;
        };
        StreamToppedUpEvent: {
            /** @example 0006442459533967360-0000000003 */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "stream.topped_up";
            /**
             * @description u64, decimal
             * @example 1
             */
            streamId: string;
            contractId: string;
            ledger: number;
            /** @description close time of the ledger, Unix seconds */
            timestamp: number;
            /** @description 64 hex digits */
            transactionHash: string;
            /** @description who pays the stream */
            sender: string | null;
            /** @description who is paid by the stream */
            recipient: string | null;
            /**
             * @description i128, decimal
             * @example 997500000
             */
            amount: string;
            /**
             * @description i128, decimal
             * @example 997500000
             */
            newDepositedAmount: string;
            /** @description Unix seconds; null beyond 2^53−1 */
            newEndTime?: number | null;
        };
        StreamWithdrawnEvent: {
            /** @example 0006442459533967360-0000000003 */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "stream.withdrawn";
            /**
             * @description u64, decimal
             * @example 1
             */
            streamId: string;
            contractId: string;
            ledger: number;
            /** @description close time of the ledger, Unix seconds */
            timestamp: number;
            /** @description 64 hex digits */
            transactionHash: string;
            /** @description who pays the stream */
            sender: string | null;
            /** @description who is paid by the stream */
            recipient: string | null;
            /**
             * @description i128, decimal
             * @example 997500000
             */
            amount: string;
        };
        StreamCancelledEvent: {
            /** @example 0006442459533967360-0000000003 */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "stream.cancelled";
            /**
             * @description u64, decimal
             * @example 1
             */
            streamId: string;
            contractId: string;
            ledger: number;
            /** @description close time of the ledger, Unix seconds */
            timestamp: number;
            /** @description 64 hex digits */
            transactionHash: string;
            /** @description who pays the stream */
            sender: string | null;
            /** @description who is paid by the stream */
            recipient: string | null;
            /**
             * @description i128, decimal
             * @example 997500000
             */
            amountWithdrawn: string;
            /**
             * @description i128, decimal
             * @example 997500000
             */
            refundedAmount: string;
        };
        StreamCompletedEvent: {
            /** @example 0006442459533967360-0000000003 */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "stream.completed";
            /**
             * @description u64, decimal
             * @example 1
             */
            streamId: string;
            contractId: string;
            ledger: number;
            /** @description close time of the ledger, Unix seconds */
            timestamp: number;
            /** @description 64 hex digits */
            transactionHash: string;
            /** @description who pays the stream */
            sender: string | null;
            /** @description who is paid by the stream */
            recipient: string | null;
            /**
             * @description i128, decimal
             * @example 997500000
             */
            totalWithdrawn: string;
        };
        StreamPausedEvent: {
            /** @example 0006442459533967360-0000000003 */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "stream.paused";
            /**
             * @description u64, decimal
             * @example 1
             */
            streamId: string;
            contractId: string;
            ledger: number;
            /** @description close time of the ledger, Unix seconds */
            timestamp: number;
            /** @description 64 hex digits */
            transactionHash: string;
            /** @description who pays the stream */
            sender: string | null;
            /** @description who is paid by the stream */
            recipient: string | null;
            /** @description Unix seconds; null beyond 2^53−1 */
            pausedAt: number | null;
        };
        StreamResumedEvent: {
            /** @example 0006442459533967360-0000000003 */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "stream.resumed";
            /**
             * @description u64, decimal
             * @example 1
             */
            streamId: string;
            contractId: string;
            ledger: number;
            /** @description close time of the ledger, Unix seconds */
            timestamp: number;
            /** @description 64 hex digits */
            transactionHash: string;
            /** @description who pays the stream */
            sender: string | null;
            /** @description who is paid by the stream */
            recipient: string | null;
            /** @description Unix seconds; null beyond 2^53−1 */
            newEndTime: number | null;
        };
        StreamFeeCollectedEvent: {
            /** @example 0006442459533967360-0000000003 */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "stream.fee_collected";
            /**
             * @description u64, decimal
             * @example 1
             */
            streamId: string;
            contractId: string;
            ledger: number;
            /** @description close time of the ledger, Unix seconds */
            timestamp: number;
            /** @description 64 hex digits */
            transactionHash: string;
            /** @description who pays the stream */
            sender: string | null;
            /** @description who is paid by the stream */
            recipient: string | null;
            /** @description G… or C… */
            treasury: string;
            /**
             * @description i128, decimal
             * @example 997500000
             */
            feeAmount: string;
            /** @description G… or C… */
            token: string;
        };
        ProtocolInitializedEvent: {
            /** @example 0006442459533967360-0000000003 */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "protocol.initialized";
            contractId: string;
            ledger: number;
            /** @description close time of the ledger, Unix seconds */
            timestamp: number;
            /** @description 64 hex digits */
            transactionHash: string;
            /** @description who pays the stream */
            sender: string | null;
            /** @description who is paid by the stream */
            recipient: string | null;
            /** @description G… or C… */
            admin: string;
            /** @description G… or C… */
            treasury: string;
            /** @description hundredths of a percent */
            feeRateBps: number;
        };
        ProtocolFeeConfigUpdatedEvent: {
            /** @example 0006442459533967360-0000000003 */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "protocol.fee_config_updated";
            contractId: string;
            ledger: number;
            /** @description close time of the ledger, Unix seconds */
            timestamp: number;
            /** @description 64 hex digits */
            transactionHash: string;
            /** @description who pays the stream */
            sender: string | null;
            /** @description who is paid by the stream */
            recipient: string | null;
            /** @description G… or C… */
            admin: string;
            /** @description G… or C… */
            oldTreasury: string;
            /** @description G… or C… */
            newTreasury: string;
            /** @description hundredths of a percent */
            oldFeeRateBps: number;
            /** @description hundredths of a percent */
            newFeeRateBps: number;
        };
        ProtocolAdminTransferredEvent: {
            /** @example 0006442459533967360-0000000003 */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "protocol.admin_transferred";
            contractId: string;
            ledger: number;
            /** @description close time of the ledger, Unix seconds */
            timestamp: number;
            /** @description 64 hex digits */
            transactionHash: string;
            /** @description who pays the stream */
            sender: string | null;
            /** @description who is paid by the stream */
            recipient: string | null;
            /** @description G… or C… */
            previousAdmin: string;
            /** @description G… or C… */
            newAdmin: string;
        };
        UnrecognisedEvent: {
            /** @example 0006442459533967360-0000000003 */
            id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "unrecognised";
            contractId: string;
            ledger: number;
            /** @description close time of the ledger, Unix seconds */
            timestamp: number;
            /** @description 64 hex digits */
            transactionHash: string;
            /** @description who pays the stream */
            sender: string | null;
            /** @description who is paid by the stream */
            recipient: string | null;
            /** @description what could not be read */
            reason: string;
            /** @description XDR, base64 */
            topics: string[];
            /** @description XDR, base64 */
            value: string;
        };
        UserSummary: {
            address: string;
            tokens: {
                tokenAddress: string;
                incoming: components["schemas"]["SummarySide"];
                outgoing: components["schemas"]["SummarySide"] & unknown;
            }[];
        };
        /** @description streams to the address */
        SummarySide: {
            streams: number;
            active: number;
            paused: number;
            cancelled: number;
            completed: number;
            depositedAmount: string;
            withdrawnAmount: string;
            claimableAmount: string;
        };
        Summary: {
            tokens: components["schemas"]["TokenSummary"][];
        };
        TokenSummary: {
            tokenAddress: string;
            streams: number;
            active: number;
            paused: number;
            cancelled: number;
            completed: number;
            depositedAmount: string;
            withdrawnAmount: string;
            /** @description what the contract still holds: deposits less withdrawals of active and paused streams */
            lockedAmount: string;
            /** @description as of asOf.ledgerClosedAt */
            claimableAmount: string;
        };
        Ready: {
            ready: boolean;
            reasons: string[];
            lagLedgers: number | null;
            checkpoint: string | null;
            /** @description how much the RPC can forget before it forgets the checkpoint */
            runway: {
                ledgers: number;
                hours: number | null;
            } | null;
        };
        Status: {
            version: string;
            uptimeSeconds: number;
            contractId: string;
            network: string;
            checkpoint: {
                ledger: number;
                ledgerClosedAt: string | null;
                cursor: string;
            } | null;
            tip: {
                ledger: number;
                ledgerClosedAt: string | null;
            } | null;
            lagLedgers: number | null;
            lagSeconds: number | null;
            /** @description how much the RPC can forget before it forgets the checkpoint */
            runway: {
                ledgers: number;
                hours: number | null;
            } | null;
            coverage: [
                number,
                number
            ][];
            gaps: {
                from: number;
                to: number;
                reason: string;
                declaredAt: string;
                repaired: boolean;
            }[];
            counts: {
                events: number;
                streams: number;
                unrecognised: number;
            };
            /** @description why ingestion cannot continue until a person acts */
            alarm: string | null;
            endpoints: {
                url: string;
                /** @enum {string} */
                state: "starting" | "ok" | "failing" | "set_aside";
                latestLedger: number | null;
                oldestLedger: number | null;
                lastError: string | null;
            }[];
            /** @description on several machines: this one */
            node?: {
                name: string;
                /** @enum {string} */
                role: "leader" | "follower";
                /** @description the leader's name */
                leader: string | null;
                lease: {
                    until: string | null;
                };
                /** @description ledgers behind the newest position published; null if that is not known */
                carrierLag: number | null;
            };
        };
        FeedStats: {
            activeConnections: number;
            maxConnections: number;
            activeIps: number;
            perIpPeakConnections: number;
            live: number;
            replaying: number;
            stalled: number;
            eventsPerSecond: number;
            /** Format: date-time */
            timestamp: string;
        };
        Audit: {
            /** @description 0: off */
            intervalSeconds: number;
            /** @description streams from before the log have been read from the chain */
            bootstrapped: boolean;
            running: boolean;
            last: {
                /** Format: date-time */
                finishedAt: string;
                ledger: number;
                counts: {
                    ok?: number;
                    drift?: number;
                    before_log?: number;
                    not_yet?: number;
                    archived?: number;
                };
                repaired: number;
                /** @description active streams that are archived, or will be within a week */
                expiring: number;
                drift: {
                    streamId: string;
                    ledger: number;
                    differences: {
                        field: string;
                        ours: string | null;
                        chain: string | null;
                    }[];
                }[];
            } | null;
            driftTotal: number;
            repairedTotal: number;
            lastError: string | null;
        };
        Ticket: {
            /** @description for ?ticket= of the feed; valid once */
            ticket: string;
            /** Format: date-time */
            expiresAt: string;
        };
        Token: {
            address: string;
            /** @description null where its contract does not say */
            symbol: string | null;
            /** @description null where its contract does not say */
            name: string | null;
            /** @description null where its contract does not say */
            decimals: number | null;
        };
        Subscription: {
            clientId: string;
            user: string | null;
            /** @description an IPv6 address as its /64 */
            address: string;
            /** @enum {string} */
            mode: "live" | "replaying" | "stalled";
            filter: components["schemas"]["SubscriptionFilter"];
            /** @example 0006442459533967360-0000000003 */
            cursor: string;
            /** @description ledgers of the log still before it */
            lagLedgers: number;
            /** Format: date-time */
            openedAt: string;
        };
        /** @description after it was narrowed to what the user may see */
        SubscriptionFilter: {
            /**
             * @description everything: there is no other field
             * @enum {boolean}
             */
            all?: true;
            streams?: string[];
            users?: string[];
            types?: ("stream.created" | "stream.topped_up" | "stream.withdrawn" | "stream.cancelled" | "stream.completed" | "stream.paused" | "stream.resumed" | "stream.fee_collected" | "protocol.initialized" | "protocol.fee_config_updated" | "protocol.admin_transferred" | "unrecognised")[];
        };
        AnnouncementRequest: {
            message: string;
            /** @enum {string} */
            level: "info" | "warning";
            /** @description default: all subscriptions */
            users?: string[];
        };
        Sep10Error: {
            error: string;
        };
        FeedFrame: components["schemas"]["ConnectedFrame"] | components["schemas"]["EventFrame"] | components["schemas"]["CaughtUpFrame"] | components["schemas"]["CursorFrame"] | components["schemas"]["ResetFrame"] | components["schemas"]["ReconnectFrame"] | components["schemas"]["AnnouncementFrame"];
        /** @description first; `id` is the start position */
        ConnectedFrame: {
            data: {
                /** @enum {string} */
                type: "connected";
                clientId: string;
                /** @example 0006442459533967360-0000000003 */
                cursor: string;
                /** @example 0006442459533967360-0000000003 */
                head: string;
                heartbeatSeconds: number;
                /** @description the event names that this subscription can bring */
                types: ("stream.created" | "stream.topped_up" | "stream.withdrawn" | "stream.cancelled" | "stream.completed" | "stream.paused" | "stream.resumed" | "stream.fee_collected" | "protocol.initialized" | "protocol.fee_config_updated" | "protocol.admin_transferred" | "unrecognised")[];
            };
            /** @example 0006442459533967360-0000000003 */
            id: string;
        };
        EventFrame: {
            /** @enum {string} */
            event: "stream.created" | "stream.topped_up" | "stream.withdrawn" | "stream.cancelled" | "stream.completed" | "stream.paused" | "stream.resumed" | "stream.fee_collected" | "protocol.initialized" | "protocol.fee_config_updated" | "protocol.admin_transferred" | "unrecognised";
            data: components["schemas"]["Event"];
            /** @example 0006442459533967360-0000000003 */
            id: string;
        };
        /** @description the replay is over; live events follow */
        CaughtUpFrame: {
            /** @enum {string} */
            event: "caught_up";
            data: {
                /** @example 0006442459533967360-0000000003 */
                cursor: string;
                ledger: number;
            };
            /** @example 0006442459533967360-0000000003 */
            id: string;
        };
        /** @description the position moved and no event matched */
        CursorFrame: {
            /** @enum {string} */
            event: "cursor";
            data: {
                /** @example 0006442459533967360-0000000003 */
                cursor: string;
                ledger: number;
            };
            /** @example 0006442459533967360-0000000003 */
            id: string;
        };
        /** @description the position cannot be used, or streams changed without an event: load the snapshot again; the feed continues from `id` */
        ResetFrame: {
            /** @enum {string} */
            event: "reset";
            data: {
                /** @enum {string} */
                reason: "expired" | "ahead" | "gap";
                /** @example 0006442459533967360-0000000003 */
                requested: string;
                /** @example 0006442459533967360-0000000003 */
                oldest: string;
                /** @example 0006442459533967360-0000000003 */
                head: string;
            };
            /** @example 0006442459533967360-0000000003 */
            id: string;
        };
        /** @description last; the stream ends after it */
        ReconnectFrame: {
            /** @enum {string} */
            event: "reconnect";
            data: {
                /** @enum {string} */
                reason: "shutdown" | "max_age" | "token_expired" | "closed";
            };
        };
        /** @description a message of the operator */
        AnnouncementFrame: {
            /** @enum {string} */
            event: "announcement";
            data: {
                message: string;
                /** @enum {string} */
                level: "info" | "warning";
                /** Format: date-time */
                at: string;
            };
        };
        /** @description an error as FlowFi’s backend gives it */
        V1Error: {
            error?: string;
            message?: string;
            status?: number;
            supportedVersions?: string[];
            errors?: unknown[];
        };
        V1Health: {
            /** @enum {string} */
            status: "ok" | "degraded";
            /** @enum {string} */
            db: "connected" | "disconnected";
            indexerEnabled: boolean;
            /** @description seconds since the chain was last seen */
            indexerLag: number;
            eventsProcessed: number;
            eventsFailed: number;
            lastErrorAt: string | null;
            indexerDegraded: boolean;
            uptime: number;
            ledger: number;
            checks: {
                database: {
                    /** @enum {string} */
                    status: "ok" | "down";
                };
                indexer: {
                    /** @enum {string} */
                    status: "ok" | "degraded" | "disabled";
                    enabled: boolean;
                    lagSeconds: number;
                };
                redis: {
                    /** @enum {string} */
                    status: "ok" | "unavailable" | "not_configured";
                };
                sorobanRpc: {
                    /** @enum {string} */
                    status: "ok" | "down";
                };
            };
        };
        V1Stats: {
            activeConnections: number;
            activeIps: number;
            perIpPeakConnections: number;
            maxConnections: number;
            /** Format: date-time */
            timestamp: string;
        };
        V1IndexerStatus: {
            lastLedger: number;
            lastCursor: string | null;
            /** Format: date-time */
            updatedAt: string;
            lagSeconds: number;
        };
        V1Metrics: {
            total_streams: number;
            active_streams: number;
            paused_streams: number;
            completed_streams: number;
            cancelled_streams: number;
            /** @description over all tokens */
            total_volume_streamed: string;
            streams: {
                total: number;
                active: number;
                paused: number;
                cancelled: number;
                completed: number;
            };
            events: {
                total: number;
                last24h: number;
            };
            /** @description fees collected, by token */
            fees: {
                [key: string]: string;
            };
            sse: {
                activeConnections: number;
            };
            indexer: {
                lastLedger: number;
                lagSeconds: number;
            };
            uptime: number;
            /** Format: date-time */
            timestamp: string;
        };
        /** @description an event; our control frames are sent too */
        V1Frame: {
            /** @enum {string} */
            event?: "stream.created" | "stream.topped_up" | "stream.withdrawn" | "stream.cancelled" | "stream.completed" | "stream.paused" | "stream.resumed" | "stream.fee_collected" | "stream.fee_config_updated" | "stream.admin_transferred";
            data: {
                transactionHash: string;
                ledger: number;
            } & {
                [key: string]: unknown;
            };
            id: string;
        };
        V1User: {
            id: string;
            publicKey: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            sentStreams: components["schemas"]["V1Stream"][];
            receivedStreams: components["schemas"]["V1Stream"][];
        };
        V1Stream: {
            id: string;
            /** @description a number up to 2^53−1, else a decimal string */
            streamId: number | string;
            sender: string;
            recipient: string;
            tokenAddress: string;
            ratePerSecond: string;
            depositedAmount: string;
            withdrawnAmount: string;
            /** @description Unix seconds */
            startTime: number | string;
            /** @description from when on the amount accrues */
            lastUpdateTime: number | string;
            /** @description when an active stream runs dry */
            endTime: number | string | null;
            isActive: boolean;
            isPaused: boolean;
            /** @description Unix seconds */
            pausedAt: number | string | null;
            /** @description seconds */
            totalPausedDuration: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            /** @enum {string} */
            status: "Active" | "Paused" | "Cancelled" | "Completed";
            senderUser: components["schemas"]["V1Party"];
            recipientUser: components["schemas"]["V1Party"];
            /** @description of one stream all events, newest first; in lists the event that ended it */
            events: components["schemas"]["V1Event"][];
        };
        V1Party: {
            id: string;
            publicKey: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        V1Event: {
            id: string;
            /** @description a number up to 2^53−1, else a decimal string */
            streamId: number | string;
            /** @enum {string} */
            eventType: "CREATED" | "TOPPED_UP" | "WITHDRAWN" | "CANCELLED" | "COMPLETED" | "PAUSED" | "RESUMED" | "FEE_COLLECTED" | "FEE_CONFIG_UPDATED" | "ADMIN_TRANSFERRED";
            amount: string | null;
            transactionHash: string;
            ledgerSequence: number;
            /** @description Unix seconds */
            timestamp: number | string;
            /** @description JSON text */
            metadata: string | null;
            /** Format: date-time */
            createdAt: string;
        };
        V1UnseenUser: {
            publicKey: string;
            sentStreams: components["schemas"]["V1Stream"][];
            receivedStreams: components["schemas"]["V1Stream"][];
            /** @enum {boolean} */
            inMemory: true;
        };
        V1Summary: {
            address: string;
            totalStreamsCreated: number;
            totalStreamedOut: string;
            totalStreamedIn: string;
            currentClaimable: string;
            activeOutgoingCount: number;
            activeIncomingCount: number;
            /** @description the same for each token; the sums above are over all tokens */
            tokens: {
                tokenAddress: string;
                totalStreamsCreated: number;
                totalStreamedOut: string;
                totalStreamedIn: string;
                currentClaimable: string;
                activeOutgoingCount: number;
                activeIncomingCount: number;
            }[];
        };
        V1StreamPage: {
            data: components["schemas"]["V1Stream"][];
            total: number;
            hasMore: boolean;
            limit: number;
            offset: number;
        };
        V1Claimable: {
            /** @description a number up to 2^53−1, else a decimal string */
            streamId: number | string;
            claimableAmount: string;
            actionable: boolean;
            /** @description Unix seconds */
            calculatedAt: number | string;
            cached: boolean;
        };
        V1History: {
            data: components["schemas"]["V1Event"][];
            /** @description the same */
            events: components["schemas"]["V1Event"][];
            total: number;
            hasMore: boolean;
        };
        V1Activity: {
            events: components["schemas"]["V1Event"][];
            total: number;
            limit: number;
            offset: number;
            hasMore: boolean;
        };
        V1UserEvents: {
            data: {
                id: string;
                /** @description a number up to 2^53−1, else a decimal string */
                streamId: number | string;
                /** @enum {string} */
                eventType: "CREATED" | "TOPPED_UP" | "WITHDRAWN" | "CANCELLED" | "COMPLETED" | "PAUSED" | "RESUMED" | "FEE_COLLECTED" | "FEE_CONFIG_UPDATED" | "ADMIN_TRANSFERRED";
                amount: string | null;
                transactionHash: string;
                ledgerSequence: number;
                /** @description Unix seconds */
                timestamp: number | string;
                /** @description JSON text */
                metadata: string | null;
                /** Format: date-time */
                createdAt: string;
                stream: components["schemas"]["V1Stream"];
            }[];
            total: number;
            hasMore: boolean;
            limit: number;
            offset: number;
        };
    };
    responses: {
        /** @description the client has this answer already: its If-None-Match names the ETag */
        NotModified: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description a parameter or the request is invalid */
        BadRequest: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description there is no valid token */
        Unauthorized: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description the token is not enough, or the Origin is not in CORS_ORIGINS */
        Forbidden: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description the request took too long to arrive */
        TimedOut: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description a limit of the address or user is reached */
        TooMany: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Retry-After": components["headers"]["Retry-After"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description the request line and headers are too large */
        HeadTooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description the server failed */
        Failed: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description the transfer coding is unknown */
        UnknownCoding: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description the server is too busy, or is ending */
        Busy: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description taken from a trusted proxy, else generated; it is in the log too */
        "X-Request-Id": string;
        /** @description weak; send it as If-None-Match to get 304 while nothing has changed */
        ETag: string;
        /** @description how many requests are left (r), and the seconds until the count restarts (t) */
        RateLimit: string;
        /** @description how many requests (q) in how many seconds (w) */
        "RateLimit-Policy": string;
        /** @description seconds */
        "Retry-After": number;
        "WWW-Authenticate": string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getStreams: {
        parameters: {
            query?: {
                /** @description sender or recipient */
                user?: string;
                /** @description ids of streams, at most 200; repeated, comma-separated, or both */
                streams?: string[];
                sender?: string;
                recipient?: string;
                token?: string;
                status?: "active" | "paused" | "cancelled" | "completed";
                /** @description numeric; a missing end time counts as later than any other */
                sort?: "created" | "start" | "end" | "deposited" | "updated";
                order?: "asc" | "desc";
                limit?: number;
                /** @description nextCursor of the previous page */
                cursor?: string;
                /** @description answer as soon as the checkpoint has reached this ledger */
                wait_ledger?: number;
                /** @description how long to wait, in seconds; default: 10 */
                wait?: number;
                /** @description answer as soon as the events of this transaction are in the log */
                wait_tx?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Stream"][];
                        /** @description null at the end */
                        nextCursor: string | null;
                        asOf: components["schemas"]["AsOf"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the log has not reached what the request waits for, or too many requests wait */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getUsersAddressStreams: {
        parameters: {
            query?: {
                /** @description ids of streams, at most 200; repeated, comma-separated, or both */
                streams?: string[];
                sender?: string;
                recipient?: string;
                token?: string;
                status?: "active" | "paused" | "cancelled" | "completed";
                /** @description numeric; a missing end time counts as later than any other */
                sort?: "created" | "start" | "end" | "deposited" | "updated";
                order?: "asc" | "desc";
                limit?: number;
                /** @description nextCursor of the previous page */
                cursor?: string;
                /** @description answer as soon as the checkpoint has reached this ledger */
                wait_ledger?: number;
                /** @description how long to wait, in seconds; default: 10 */
                wait?: number;
                /** @description answer as soon as the events of this transaction are in the log */
                wait_tx?: string;
            };
            header?: never;
            path: {
                address: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Stream"][];
                        /** @description null at the end */
                        nextCursor: string | null;
                        asOf: components["schemas"]["AsOf"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the log has not reached what the request waits for, or too many requests wait */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStreamsId: {
        parameters: {
            query?: {
                /** @description the stream as it was at the end of this ledger */
                ledger?: number;
                /** @description answer as soon as the checkpoint has reached this ledger */
                wait_ledger?: number;
                /** @description how long to wait, in seconds; default: 10 */
                wait?: number;
                /** @description answer as soon as the events of this transaction are in the log */
                wait_tx?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Stream"];
                        asOf: components["schemas"]["AsOf"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description the stream is unknown, or what it was at that ledger */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the log has not reached what the request waits for, or too many requests wait */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStreamsIdClaimable: {
        parameters: {
            query?: {
                /** @description Unix seconds, the future included; default: asOf.ledgerClosedAt */
                at?: number;
                /** @description answer as soon as the checkpoint has reached this ledger */
                wait_ledger?: number;
                /** @description how long to wait, in seconds; default: 10 */
                wait?: number;
                /** @description answer as soon as the events of this transaction are in the log */
                wait_tx?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Claimable"];
                        asOf: components["schemas"]["AsOf"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description the stream is unknown */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the log has not reached what the request waits for, or too many requests wait */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStreamsIdExplain: {
        parameters: {
            query?: {
                limit?: number;
                /** @description nextCursor of the previous page */
                cursor?: string;
                /** @description the same by the name that lists of events use: the eventId of the last step */
                after?: string;
                /** @description answer as soon as the checkpoint has reached this ledger */
                wait_ledger?: number;
                /** @description how long to wait, in seconds; default: 10 */
                wait?: number;
                /** @description answer as soon as the events of this transaction are in the log */
                wait_tx?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Explanation"];
                        /** @description from the last step of all to asOf */
                        now: {
                            /** @description asOf.ledgerClosedAt */
                            at: number | null;
                            /** @description i128, decimal */
                            claimable: string;
                            formula: string;
                        };
                        /** @description null at the end */
                        nextCursor: string | null;
                        asOf: components["schemas"]["AsOf"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description the stream is unknown */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the log has not reached what the request waits for, or too many requests wait */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEvents: {
        parameters: {
            query?: {
                /** @description ids of streams, at most 500; repeated, comma-separated, or both */
                streams?: string[];
                /** @description events of streams that these addresses send or receive, at most 100; repeated, comma-separated, or both */
                users?: string[];
                /** @description only these types; repeated, comma-separated, or both */
                types?: ("stream.created" | "stream.topped_up" | "stream.withdrawn" | "stream.cancelled" | "stream.completed" | "stream.paused" | "stream.resumed" | "stream.fee_collected" | "protocol.initialized" | "protocol.fee_config_updated" | "protocol.admin_transferred" | "unrecognised")[];
                /** @description exclusive: the last id of the previous page, or nextCursor */
                after?: string;
                /** @description exclusive: where to stop */
                before?: string;
                /** @description inclusive */
                from_ledger?: number;
                /** @description inclusive */
                to_ledger?: number;
                /** @description Unix seconds, inclusive: when the ledger closed */
                from_time?: number;
                /** @description Unix seconds, inclusive: when the ledger closed */
                to_time?: number;
                order?: "asc" | "desc";
                /** @description default: 100; as NDJSON or CSV: no limit */
                limit?: number;
                /** @description instead of the header Accept; default: json */
                format?: "json" | "ndjson" | "csv";
                /** @description answer as soon as the checkpoint has reached this ledger */
                wait_ledger?: number;
                /** @description how long to wait, in seconds; default: 10 */
                wait?: number;
                /** @description answer as soon as the events of this transaction are in the log */
                wait_tx?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    /** @description of NDJSON and CSV: the position at which the export ends */
                    "X-Flowfi-Cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Event"][];
                        /** @description null at the end */
                        nextCursor: string | null;
                        asOf: components["schemas"]["AsOf"];
                    };
                    "application/x-ndjson": components["schemas"]["Event"];
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the log has not reached what the request waits for, or too many requests wait */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStreamsIdEvents: {
        parameters: {
            query?: {
                /** @description only these types; repeated, comma-separated, or both */
                types?: ("stream.created" | "stream.topped_up" | "stream.withdrawn" | "stream.cancelled" | "stream.completed" | "stream.paused" | "stream.resumed" | "stream.fee_collected" | "protocol.initialized" | "protocol.fee_config_updated" | "protocol.admin_transferred" | "unrecognised")[];
                /** @description exclusive: the last id of the previous page, or nextCursor */
                after?: string;
                /** @description exclusive: where to stop */
                before?: string;
                /** @description inclusive */
                from_ledger?: number;
                /** @description inclusive */
                to_ledger?: number;
                /** @description Unix seconds, inclusive: when the ledger closed */
                from_time?: number;
                /** @description Unix seconds, inclusive: when the ledger closed */
                to_time?: number;
                order?: "asc" | "desc";
                /** @description default: 50; as NDJSON or CSV: no limit */
                limit?: number;
                /** @description instead of the header Accept; default: json */
                format?: "json" | "ndjson" | "csv";
                /** @description answer as soon as the checkpoint has reached this ledger */
                wait_ledger?: number;
                /** @description how long to wait, in seconds; default: 10 */
                wait?: number;
                /** @description answer as soon as the events of this transaction are in the log */
                wait_tx?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    /** @description of NDJSON and CSV: the position at which the export ends */
                    "X-Flowfi-Cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Event"][];
                        /** @description null at the end */
                        nextCursor: string | null;
                        asOf: components["schemas"]["AsOf"];
                    };
                    "application/x-ndjson": components["schemas"]["Event"];
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description the stream is unknown, and so are its events */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the log has not reached what the request waits for, or too many requests wait */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getUsersAddressEvents: {
        parameters: {
            query?: {
                /** @description only these types; repeated, comma-separated, or both */
                types?: ("stream.created" | "stream.topped_up" | "stream.withdrawn" | "stream.cancelled" | "stream.completed" | "stream.paused" | "stream.resumed" | "stream.fee_collected" | "protocol.initialized" | "protocol.fee_config_updated" | "protocol.admin_transferred" | "unrecognised")[];
                /** @description exclusive: the last id of the previous page, or nextCursor */
                after?: string;
                /** @description exclusive: where to stop */
                before?: string;
                /** @description inclusive */
                from_ledger?: number;
                /** @description inclusive */
                to_ledger?: number;
                /** @description Unix seconds, inclusive: when the ledger closed */
                from_time?: number;
                /** @description Unix seconds, inclusive: when the ledger closed */
                to_time?: number;
                order?: "asc" | "desc";
                /** @description default: 50; as NDJSON or CSV: no limit */
                limit?: number;
                /** @description instead of the header Accept; default: json */
                format?: "json" | "ndjson" | "csv";
                /** @description answer as soon as the checkpoint has reached this ledger */
                wait_ledger?: number;
                /** @description how long to wait, in seconds; default: 10 */
                wait?: number;
                /** @description answer as soon as the events of this transaction are in the log */
                wait_tx?: string;
            };
            header?: never;
            path: {
                address: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    /** @description of NDJSON and CSV: the position at which the export ends */
                    "X-Flowfi-Cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Event"][];
                        /** @description null at the end */
                        nextCursor: string | null;
                        asOf: components["schemas"]["AsOf"];
                    };
                    "application/x-ndjson": components["schemas"]["Event"];
                    "text/csv": string;
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the log has not reached what the request waits for, or too many requests wait */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getUsersAddressSummary: {
        parameters: {
            query?: {
                /** @description answer as soon as the checkpoint has reached this ledger */
                wait_ledger?: number;
                /** @description how long to wait, in seconds; default: 10 */
                wait?: number;
                /** @description answer as soon as the events of this transaction are in the log */
                wait_tx?: string;
            };
            header?: never;
            path: {
                address: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["UserSummary"];
                        asOf: components["schemas"]["AsOf"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the log has not reached what the request waits for, or too many requests wait */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTransactionsHash: {
        parameters: {
            query?: {
                /** @description answer as soon as the checkpoint has reached this ledger */
                wait_ledger?: number;
                /** @description how long to wait, in seconds; default: 10 */
                wait?: number;
            };
            header?: never;
            path: {
                hash: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description empty if the log has no event of the transaction; with wait, 503 instead */
                        data: components["schemas"]["Event"][];
                        asOf: components["schemas"]["AsOf"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the log has not reached what the request waits for, or too many requests wait */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSummary: {
        parameters: {
            query?: {
                /** @description answer as soon as the checkpoint has reached this ledger */
                wait_ledger?: number;
                /** @description how long to wait, in seconds; default: 10 */
                wait?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Summary"];
                        asOf: components["schemas"]["AsOf"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the log has not reached what the request waits for, or too many requests wait */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ok";
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            503: components["responses"]["Busy"];
        };
    };
    getReady: {
        parameters: {
            query?: {
                max_lag?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ready */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ready"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description not ready; `reasons` says why */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ready"];
                };
            };
        };
    };
    getStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            503: components["responses"]["Busy"];
        };
    };
    getEventsStats: {
        parameters: {
            query?: {
                /** @description true: of all nodes; otherwise of this one */
                cluster?: "true" | "false";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FeedStats"];
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the other nodes cannot be asked now (with cluster=true) */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            503: components["responses"]["Busy"];
        };
    };
    getAudit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Audit"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            503: components["responses"]["Busy"];
        };
    };
    postAuthTicket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Ticket"];
                    };
                };
            };
            /** @description a parameter is invalid */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description there are no tokens with AUTH=open, and so no tickets */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description too many tickets wait to be used */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTokensAddress: {
        parameters: {
            query?: {
                /** @description answer as soon as the checkpoint has reached this ledger */
                wait_ledger?: number;
                /** @description how long to wait, in seconds; default: 10 */
                wait?: number;
            };
            header?: never;
            path: {
                address: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Token"];
                        asOf: components["schemas"]["AsOf"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the chain cannot be asked now */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAdminSubscriptions: {
        parameters: {
            query?: {
                user?: string;
                address?: string;
                mode?: "live" | "replaying" | "stalled";
                limit?: number;
                /** @description nextCursor of the previous page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Subscription"][];
                        /** @description null at the end */
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description a process does not answer */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteAdminSubscriptions: {
        parameters: {
            query: {
                user: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            closed: number;
                        };
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description a process does not answer */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteAdminSubscriptionsClientId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                clientId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            closed: number;
                        };
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description there is no such subscription */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description a process does not answer */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAdminUsersUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            user: string;
                            online: boolean;
                            subscriptions: number;
                        };
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description a process does not answer */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postAdminAnnouncements: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnnouncementRequest"];
            };
        };
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            /** @description subscriptions */
                            delivered: number;
                        };
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            /** @description the body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the body is not JSON */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            503: components["responses"]["Busy"];
        };
    };
    getAdminSnapshot: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description its checkpoint */
                    "X-Flowfi-Cursor": string;
                    "Repr-Digest": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.sqlite3": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description there is nothing to copy yet, or no place for a copy now */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAuth: {
        parameters: {
            query: {
                account: string;
                memo?: string;
                home_domain?: string;
                client_domain?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description XDR, base64 */
                        transaction: string;
                        network_passphrase: string;
                    };
                };
            };
            /** @description a parameter is invalid, or client_domain cannot be used */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
            403: components["responses"]["Forbidden"];
            /** @description this daemon is no SEP-10 server */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description the address has sent too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
            /** @description the transfer coding is unknown */
            501: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
        };
    };
    postAuth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description the signed challenge: XDR, base64 */
                    transaction: string;
                };
                "application/x-www-form-urlencoded": {
                    /** @description the signed challenge: XDR, base64 */
                    transaction: string;
                };
            };
        };
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description a JSON Web Token */
                        token: string;
                    };
                };
            };
            /** @description the challenge is not valid, or not signed by enough signers of the account */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
            403: components["responses"]["Forbidden"];
            /** @description this daemon is no SEP-10 server */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description the body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
            /** @description the body has another type */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
            /** @description the address has sent too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
            /** @description the transfer coding is unknown */
            501: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
            /** @description the signers of the account cannot be read from the network */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sep10Error"];
                };
            };
        };
    };
    getWellKnownStellarToml: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description TOML */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description a parameter is invalid */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Forbidden"];
            /** @description this daemon is no SEP-10 server */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            503: components["responses"]["Busy"];
        };
    };
    get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description the client has it */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the page has not been built; the answer says how */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    getAssetsFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/javascript": string;
                    "text/css": string;
                    "image/svg+xml": string;
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            /** @description the page loads no such file */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            503: components["responses"]["Busy"];
        };
    };
    getEventsSubscribe: {
        parameters: {
            query?: {
                /** @description ids of streams, at most 500; repeated, comma-separated, or both */
                streams?: string[];
                /** @description events of streams that these addresses send or receive, at most 100; repeated, comma-separated, or both */
                users?: string[];
                /** @description only these types; repeated, comma-separated, or both */
                types?: ("stream.created" | "stream.topped_up" | "stream.withdrawn" | "stream.cancelled" | "stream.completed" | "stream.paused" | "stream.resumed" | "stream.fee_collected" | "protocol.initialized" | "protocol.fee_config_updated" | "protocol.admin_transferred" | "unrecognised")[];
                all?: "true" | "false";
                /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                lastEventId?: string;
                /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                last_event_id?: string;
                /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                cursor?: string;
                overload?: "retry";
                /** @description a token, for clients that cannot send headers */
                token?: string;
                /** @description same as token */
                access_token?: string;
                /** @description from POST /auth/ticket; valid once */
                ticket?: string;
            };
            header?: {
                /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description a stream of server-sent events; these are its frames */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["FeedFrame"];
                };
            };
            /** @description a parameter is invalid, or there is no filter */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no valid token (only with AUTH=jwt) */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            /** @description the address or the user has reached its limit of subscriptions */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the feed is full or closing */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postEventsSubscribe: {
        parameters: {
            query?: {
                /** @description ids of streams, at most 500; repeated, comma-separated, or both */
                streams?: string[];
                /** @description events of streams that these addresses send or receive, at most 100; repeated, comma-separated, or both */
                users?: string[];
                /** @description only these types; repeated, comma-separated, or both */
                types?: ("stream.created" | "stream.topped_up" | "stream.withdrawn" | "stream.cancelled" | "stream.completed" | "stream.paused" | "stream.resumed" | "stream.fee_collected" | "protocol.initialized" | "protocol.fee_config_updated" | "protocol.admin_transferred" | "unrecognised")[];
                all?: "true" | "false";
                /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                lastEventId?: string;
                /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                last_event_id?: string;
                /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                cursor?: string;
                overload?: "retry";
                /** @description a token, for clients that cannot send headers */
                token?: string;
                /** @description same as token */
                access_token?: string;
                /** @description from POST /auth/ticket; valid once */
                ticket?: string;
            };
            header?: {
                /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description ids of streams, at most 2000; repeated, comma-separated, or both */
                    streams?: string[];
                    /** @description events of streams that these addresses send or receive, at most 500; repeated, comma-separated, or both */
                    users?: string[];
                    /** @description only these types; repeated, comma-separated, or both */
                    types?: ("stream.created" | "stream.topped_up" | "stream.withdrawn" | "stream.cancelled" | "stream.completed" | "stream.paused" | "stream.resumed" | "stream.fee_collected" | "protocol.initialized" | "protocol.fee_config_updated" | "protocol.admin_transferred" | "unrecognised")[];
                    /** @enum {string} */
                    all?: "true" | "false";
                    /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                    lastEventId?: string;
                    /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                    last_event_id?: string;
                    /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                    cursor?: string;
                    /** @enum {string} */
                    overload?: "retry";
                };
                "application/x-www-form-urlencoded": {
                    /** @description ids of streams, at most 2000; repeated, comma-separated, or both */
                    streams?: string[];
                    /** @description events of streams that these addresses send or receive, at most 500; repeated, comma-separated, or both */
                    users?: string[];
                    /** @description only these types; repeated, comma-separated, or both */
                    types?: ("stream.created" | "stream.topped_up" | "stream.withdrawn" | "stream.cancelled" | "stream.completed" | "stream.paused" | "stream.resumed" | "stream.fee_collected" | "protocol.initialized" | "protocol.fee_config_updated" | "protocol.admin_transferred" | "unrecognised")[];
                    /** @enum {string} */
                    all?: "true" | "false";
                    /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                    lastEventId?: string;
                    /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                    last_event_id?: string;
                    /** @description a cursor is an event id, another position of that form (19 digits, a dash, 10 digits), earliest, or now */
                    cursor?: string;
                    /** @enum {string} */
                    overload?: "retry";
                };
            };
        };
        responses: {
            /** @description a stream of server-sent events; these are its frames */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["FeedFrame"];
                };
            };
            /** @description a parameter is invalid, or there is no filter */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no valid token (only with AUTH=jwt) */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            /** @description the body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the body has another type */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the address or the user has reached its limit of subscriptions */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            /** @description the feed is full or closing */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getV1: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1ApiDocs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": unknown;
                };
            };
            /** @description it is there */
            302: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1ApiDocsJson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description it is there */
            302: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1Health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Health"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description it is not; the body is that of 200 */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1EventsStats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Stats"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1AdminIndexerStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1IndexerStatus"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1AdminMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Metrics"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1EventsSubscribe: {
        parameters: {
            query?: {
                /** @description ids; repeat it for several */
                streams?: string;
                /** @description addresses; repeat it for several */
                users?: string;
                all?: string;
                lastEventId?: string;
                cursor?: string;
                token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["V1Frame"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1UsersMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1User"] | components["schemas"]["V1UnseenUser"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is that of no user */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1UsersKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1User"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the user was never seen */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1UsersAddressSummary: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                address: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Summary"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1StreamsSummaryAddress: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                address: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Summary"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1Streams: {
        parameters: {
            query?: {
                sender?: string;
                recipient?: string;
                token?: string;
                limit?: number;
                offset?: number;
                order?: string;
                status?: "active" | "paused" | "cancelled" | "completed";
                sort?: "createdAt" | "startTime" | "lastUpdateTime" | "depositedAmount" | "endTime";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1StreamPage"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1StreamsId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Stream"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the stream is unknown */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1StreamsIdClaimable: {
        parameters: {
            query?: {
                at?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Claimable"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the stream is unknown */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1StreamsIdEvents: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
                page?: number;
                order?: string;
                /** @description the id of an event: what comes after it */
                cursor?: string;
                eventType?: "CREATED" | "TOPPED_UP" | "WITHDRAWN" | "CANCELLED" | "COMPLETED" | "PAUSED" | "RESUMED" | "FEE_COLLECTED" | "FEE_CONFIG_UPDATED" | "ADMIN_TRANSFERRED";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1History"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1Events: {
        parameters: {
            query?: {
                address?: string;
                limit?: number;
                offset?: number;
                page?: number;
                /** @description comma-separated: CREATED, TOPPED_UP, WITHDRAWN, CANCELLED, COMPLETED, PAUSED, RESUMED, FEE_COLLECTED, FEE_CONFIG_UPDATED, ADMIN_TRANSFERRED */
                type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Activity"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the address is not that of the token */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getV1UsersKeyEvents: {
        parameters: {
            query?: {
                limit?: number;
                offset?: number;
            };
            header?: never;
            path: {
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1UserEvents"];
                };
            };
            /** @description the request is malformed */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the token is missing or not valid */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the origin is not allowed */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            408: components["responses"]["TimedOut"];
            /** @description too many requests */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            431: components["responses"]["HeadTooLarge"];
            /** @description the server failed */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
            /** @description the server is too busy */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["V1Error"];
                };
            };
        };
    };
    getOpenapiJson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        openapi: string;
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            503: components["responses"]["Busy"];
        };
    };
    getDocs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            503: components["responses"]["Busy"];
        };
    };
    getDocsFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file: "swagger-ui.css" | "swagger-ui-bundle.js" | "favicon-32x32.png" | "start.js";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/css": string;
                    "text/javascript": string;
                    "image/png": string;
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            /** @description the page loads no such file */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            408: components["responses"]["TimedOut"];
            429: components["responses"]["TooMany"];
            431: components["responses"]["HeadTooLarge"];
            500: components["responses"]["Failed"];
            501: components["responses"]["UnknownCoding"];
            503: components["responses"]["Busy"];
        };
    };
}
