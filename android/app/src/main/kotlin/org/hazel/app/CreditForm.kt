package org.hazel.app

import org.hazel.bridge.Terms

/** The credit one party grants the other, as two fields. */
internal class CreditForm(private val name: String, given: Terms?, private val changed: () -> Unit) {
    private var limit = given?.let { amount(it.limit) } ?: "0"
    private var days = (given?.noticeDays ?: USUAL).toString()

    fun fields(label: String): List<Part> = listOf(
        Field(name + "_limit", Text(label), limit, Kind.AMOUNT) { limit = it; changed() },
        Field(name + "_days", Text("notice_days"), days, Kind.NUMBER) { days = it; changed() },
    )

    /** What was filled in; none while it is not whole. */
    fun terms(): Terms? {
        val units = typed(limit) ?: return null
        return if (units < 0) null else days.trim().toUIntOrNull()?.let { Terms(units, it) }
    }

    private companion object {
        const val USUAL = 30u
    }
}

/** Credit in words. */
internal fun credit(label: String, terms: Terms): Line =
    Line(Text(label), Count("notice_is", terms.noticeDays.toULong()), amount(terms.limit))
