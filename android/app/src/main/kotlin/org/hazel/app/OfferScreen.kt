package org.hazel.app

import org.hazel.bridge.HazelException
import org.hazel.bridge.Offer
import org.hazel.bridge.PageOf
import org.hazel.bridge.Stage
import org.hazel.bridge.TallyPage

/** The terms of a tally that is not open yet: to be offered, looked at and accepted, changed, or refused. */
class OfferScreen(hall: Hall, private val tally: String) : Screen(hall) {
    private var page: TallyPage? = null
    private var offer: Offer? = null
    private var mine = CreditForm("granted", null, ::draw)
    private var theirs = CreditForm("received", null, ::draw)

    override suspend fun live() = hall.wallet.tally(tally, PageOf(most = 0u)).collect {
        if (page?.tally?.stage != it.tally.stage) {
            mine = CreditForm("granted", it.tally.granted, ::draw)
            theirs = CreditForm("received", it.tally.received, ::draw)
        }
        page = it
        offer = offered(it)
        draw()
    }

    private suspend fun offered(it: TallyPage): Offer? = try {
        if (it.tally.stage == Stage.OFFERED_TO_ME) hall.wallet.run { offered(tally) } else null
    } catch (_: HazelException) {
        // It was taken back in this moment: the next page says so.
        null
    }

    override fun compose(): Sheet {
        val stage = page?.tally?.stage ?: return Sheet(Text("terms"), emptyList())
        val offer = offer
        return Sheet(Text("terms_with", page?.tally?.partner.orEmpty()), buildList {
            when {
                offer != null -> {
                    add(credit("they_grant", offer.received))
                    add(credit("i_grant", offer.granted))
                    add(Line(Text("denomination"), Plain(offer.denomination)))
                    if (!offer.usualContract) add(Note(Text("unusual_contract"), warns = true))
                    add(Button(Text("accept_terms"), isMain = true, does = trying { accept(offer) }))
                    add(Button(Text("change_terms"), does = trying { hall.wallet.run { revise(tally) } }))
                    add(Button(Text("refuse"), does = trying(::refuse)))
                }
                stage == Stage.INTRODUCED || stage == Stage.REVISING || stage == Stage.OFFERED_TO_ME -> {
                    addAll(mine.fields("i_grant"))
                    addAll(theirs.fields("they_grant"))
                    val whole = mine.terms() != null && theirs.terms() != null
                    add(Button(Text("offer_terms"), isMain = true, isOn = whole, does = trying(::offer)))
                    add(Button(Text("refuse"), does = trying(::refuse)))
                }
                else -> {
                    add(Note(Text(if (stage == Stage.OPEN) "tally_is_open" else "stage_" + stage.name.lowercase())))
                    add(Button(Text("meet"), isMain = true) { hall.instead(MeetScreen(hall, tally)) })
                }
            }
        })
    }

    private suspend fun offer() {
        hall.wallet.run { offer(tally, mine.terms(), theirs.terms()) }
        hall.instead(MeetScreen(hall, tally))
    }

    private suspend fun accept(offer: Offer) {
        // The very version that was looked at, and no later one.
        hall.wallet.run { accept(tally, offer.version) }
        hall.instead(MeetScreen(hall, tally))
    }

    private suspend fun refuse() {
        hall.wallet.run { refuse(tally) }
        hall.back()
    }
}
