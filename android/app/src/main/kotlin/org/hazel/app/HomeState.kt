package org.hazel.app

import org.hazel.bridge.Attention
import org.hazel.bridge.Home
import org.hazel.bridge.Stage
import org.hazel.bridge.TallyLine
import org.hazel.bridge.formatAmount

/** A text of the resources, by its name, with the words that go into it. */
data class Text(val name: String, val words: List<String> = emptyList()) {
    constructor(name: String, vararg words: String) : this(name, words.toList())
}

/** One line of the list of what waits, and where it leads. */
data class Waiting(val text: Text, val tally: String?)

/** One tally in the list. */
data class TallyRow(val id: String, val partner: String, val amount: String, val direction: Text, val note: Text?)

/** The first screen, as plain values: what is drawn, and nothing about how. */
data class HomeState(val net: String, val direction: Text, val pending: String?, val waiting: List<Waiting>, val tallies: List<TallyRow>)

/** Makes the first screen of what the wallet says. */
fun homeState(home: Home): HomeState {
    val names = home.tallies.associate { it.id to it.partner }
    val position = home.position
    return HomeState(
        net = amount(position.net),
        direction = direction(position.net),
        pending = amount(position.net - position.finalNet).takeIf { position.net != position.finalNet },
        waiting = home.attention.map { waiting(it, names) },
        tallies = home.tallies.filter { it.stage != Stage.CLOSED }.map(::row),
    )
}

/** Without a sign: the words beside it say who owes, and a sign is easily overlooked. */
internal fun amount(units: Long): String = formatAmount(if (units < 0) -units else units)

internal fun direction(units: Long): Text = when {
    units > 0 -> Text("owed_to_you")
    units < 0 -> Text("you_owe")
    else -> Text("even")
}

private fun row(tally: TallyLine): TallyRow {
    val note = when {
        tally.reconciling -> Text("note_restored")
        tally.stage != Stage.OPEN -> Text("stage_" + tally.stage.name.lowercase())
        tally.balance != tally.finalBalance || tally.unordered > 0uL -> Text("note_not_final")
        else -> null
    }
    return TallyRow(tally.id, tally.partner, amount(tally.balance), direction(tally.balance), note)
}

private fun waiting(it: Attention, names: Map<String, String>): Waiting {
    fun about(name: String, tally: String) = Waiting(Text(name, names[tally].orEmpty()), tally)
    return when (it) {
        is Attention.Requested -> about("waiting_requested", it.tally)
        is Attention.Offered -> about("waiting_offered", it.tally)
        is Attention.Asked -> about("waiting_asked", it.tally)
        is Attention.Waiting -> about("waiting_outside", it.tally)
        is Attention.Reconcile -> about("waiting_reconcile", it.tally)
        is Attention.Proof -> about("waiting_proof", it.tally)
        is Attention.HandOver -> about("waiting_hand_over", it.tally)
        Attention.Rehearse -> Waiting(Text("waiting_rehearse"), null)
    }
}
