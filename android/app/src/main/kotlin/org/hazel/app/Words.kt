package org.hazel.app

import org.hazel.bridge.HazelException
import org.hazel.bridge.Tidings
import org.hazel.bridge.Trouble
import org.hazel.bridge.formatAmount
import org.hazel.bridge.parseAmount
import org.hazel.wallet.get

/** Without a sign: the words beside it say who owes, and a sign is easily overlooked. */
fun amount(units: Long): String = formatAmount(if (units < 0) -units else units)

/** Who owes, by my balance. */
fun direction(units: Long): Text = when {
    units > 0 -> Text("owed_to_you")
    units < 0 -> Text("you_owe")
    else -> Text("even")
}

/** Who owes, and how much. */
fun standing(units: Long): Said = if (units == 0L) direction(0) else joined(direction(units), Plain(amount(units)))

/** What was typed as an amount; none while it is none. */
fun typed(text: String): Long? = try {
    parseAmount(text.trim())
} catch (_: HazelException) {
    null
}

/** The errors that have a sentence of their own; every other one shows the wallet's own words. */
val SENTENCES = setOf(
    "amount", "bad_frame", "bad_host", "busy", "cancelled", "channel_lost", "closing", "codes_differ", "corrupt", "device_first",
    "disk_failed", "disk_full", "earlier_first", "expired", "invalidated", "invoice_over", "key_store_failed", "late", "link_lost",
    "locked_out", "malformed", "needs_network", "newer", "no_root", "no_site", "no_site_ticket", "no_such_code", "nobody_yet",
    "not_a_backup", "not_a_wallet", "not_enrolled", "not_for_us", "not_open", "offers_used_up", "over_allowance", "over_limit",
    "own_hand_over", "reconciling", "revoked", "terms_used_up", "too_long", "unreachable", "unreachable_site", "unreadable", "unwelcome",
    "used", "words", "wrong_file", "wrong_passphrase",
)

/** What is wrong, as a sentence in the person's language. */
fun sentence(trouble: Trouble): Said {
    val largest = trouble["largest"]?.toLongOrNull()?.let(::amount)
    return when (trouble.code) {
        in OF_AN_AMOUNT -> largest?.let { Text("error_" + trouble.code, it) }
        in OF_A_HOST -> trouble["host"]?.let { Text("error_" + trouble.code, it) }
        "words" -> trouble["place"]?.let { Text("error_words_at", it) } ?: Text("error_words")
        in SENTENCES -> Text("error_" + trouble.code)
        else -> null
    } ?: Text("error_other", trouble.detail)
}

private val OF_AN_AMOUNT = setOf("over_limit", "over_allowance", "closing")
private val OF_A_HOST = setOf("bad_host", "needs_network")

/** What a scan or a meeting has changed, line by line. */
fun news(it: Tidings): List<Said> = buildList {
    for (units in it.payments) add(Text("news_payment", amount(units)))
    for (units in it.asked) add(Text("news_asked", amount(units)))
    if (it.outside.isNotEmpty()) add(Text("news_outside"))
    if (it.answered > 0u) add(Text("news_answered"))
    if (it.held) add(Text("news_held"))
    if (it.forks.isNotEmpty()) add(Text("news_fork"))
    if (it.waiting) add(Text("news_waiting"))
    it.refused.forEach { add(sentence(it)) }
    if (isEmpty()) add(Text("news_nothing"))
}
