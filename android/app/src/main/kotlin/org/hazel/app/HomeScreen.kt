package org.hazel.app

import org.hazel.bridge.Attention
import org.hazel.bridge.Home

/** Where I stand, what waits for me, and each tally. */
class HomeScreen(hall: Hall) : Screen(hall) {
    private var home: Home? = null

    override suspend fun live() = hall.wallet.home().collect {
        home = it
        draw()
    }

    override fun compose(): Sheet = home?.let { homeSheet(it, hall) } ?: Sheet(Text("app"), emptyList())
}

internal fun homeSheet(home: Home, hall: Hall): Sheet {
    val names = home.tallies.associate { it.id to it.partner }
    val position = home.position
    return Sheet(Plain(home.name), buildList {
        add(Figure(direction(position.net), amount(position.net)))
        if (position.net != position.finalNet) add(Note(Text("of_it_pending", amount(position.net - position.finalNet))))
        add(Button(Text("scan"), isMain = true) { hall.go(ScanScreen(hall)) })
        add(Button(Text("meet")) { hall.go(MeetScreen(hall, null)) })
        if (home.attention.isNotEmpty()) add(Heading(Text("waiting")))
        for (it in home.attention) add(Line(waiting(it, names), does = { follow(it, hall) }))
        add(Heading(Text("tallies")))
        home.tallies.filter(::isGoing).forEach { add(tallyLine(it, hall)) }
        if (home.tallies.none(::isGoing)) add(Note(Text("tallies_none")))
        add(Button(Text("all_tallies")) { hall.go(TalliesScreen(hall)) })
        add(Button(Text("invite")) { hall.go(InviteScreen(hall)) })
        add(Button(Text("settings")) { hall.go(SettingsScreen(hall)) })
    })
}

internal fun waiting(it: Attention, names: Map<String, String>): Said {
    fun about(name: String, tally: String) = Text(name, names[tally].orEmpty())
    return when (it) {
        is Attention.Requested -> about("waiting_requested", it.tally)
        is Attention.Offered -> about("waiting_offered", it.tally)
        is Attention.Asked -> about("waiting_asked", it.tally)
        is Attention.Waiting -> about("waiting_outside", it.tally)
        is Attention.Reconcile -> about("waiting_reconcile", it.tally)
        is Attention.Replaced -> about("waiting_replaced", it.tally)
        is Attention.Proof -> about("waiting_proof", it.tally)
        is Attention.HandOver -> about("waiting_hand_over", it.tally)
        Attention.Rehearse -> Text("waiting_rehearse")
    }
}

/** Where something that waits is dealt with. */
private fun follow(it: Attention, hall: Hall) = hall.go(
    when (it) {
        is Attention.Requested -> OfferScreen(hall, it.tally)
        is Attention.Offered -> OfferScreen(hall, it.tally)
        is Attention.Asked -> InvoiceScreen(hall, it.invoice)
        is Attention.Waiting -> ChitScreen(hall, it.tally, it.chit)
        is Attention.Reconcile -> MeetScreen(hall, it.tally)
        is Attention.Replaced -> DevicesScreen(hall, it.tally)
        is Attention.Proof -> TallyScreen(hall, it.tally)
        is Attention.HandOver -> MeetScreen(hall, it.tally)
        Attention.Rehearse -> BackupScreen(hall)
    },
)
