package io.streamlocks.coordinator.http;

import io.streamlocks.coordinator.access.ForbiddenException;
import io.streamlocks.coordinator.access.Principal;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The items of one call: the requests that they became, and the problems of the others.
 *
 * @param <T> an item of the body
 * @param <Q> a request that an item becomes
 */
final class Batch<T, Q> implements Json.Items<T> {

    /** Makes requests of items. */
    @FunctionalInterface
    interface ItemCheck<T, Q> {

        /**
         * Returns the request of an item.
         *
         * @param path where the item is in the body
         * @throws ProblemException if the item is not valid
         * @throws ForbiddenException with the field inside the item, if the caller may not send it
         */
        Q check(Principal principal, String path, T item);
    }

    private final Principal principal;
    private final ItemCheck<T, Q> check;
    private final Function<Q, String> streamId;
    private final List<Q> requests = new ArrayList<>();

    /** An item that became a request has no result yet. */
    private final List<Optional<Bodies.Item>> results = new ArrayList<>();

    Batch(Principal principal, ItemCheck<T, Q> check, Function<Q, String> streamId) {
        this.principal = principal;
        this.check = check;
        this.streamId = streamId;
    }

    @Override
    public void add(T item) {
        String path = pathOf(results.size());
        try {
            requests.add(check.check(principal, path, item));
            results.add(Optional.empty());
        } catch (ProblemException e) {
            addRefused(e);
        } catch (ForbiddenException e) {
            results.add(Optional.of(Bodies.Item.refused(Problem.forbidden(e).within(path))));
        }
    }

    @Override
    public void addRefused(ProblemException e) {
        results.add(Optional.of(Bodies.Item.refused(e.problem())));
    }

    /** Returns how many items there are. */
    int size() {
        return results.size();
    }

    /** Returns the requests that have no result yet, in their order. */
    List<Q> requests() {
        return requests;
    }

    /** Refuses the requests that do not meet a condition, and forgets them. */
    void refuseUnless(Predicate<Q> condition, Problem otherwise) {
        Iterator<Q> open = requests.iterator();
        for (int i = 0; i < results.size(); i++) {
            if (results.get(i).isEmpty()) {
                Q request = open.next();
                if (!condition.test(request)) {
                    results.set(i, Optional.of(otherwise.inBatch(pathOf(i), streamId.apply(request))));
                    open.remove();
                }
            }
        }
    }

    /**
     * Returns the response.
     *
     * @param outcomes one per request, in their order
     * @param response makes the response for one of them
     */
    <O> Bodies.Batch response(List<O> outcomes, Function<O, Response.ForItem> response) {
        Iterator<O> decided = outcomes.iterator();
        Iterator<Q> asked = requests.iterator();
        List<Bodies.Item> all = new ArrayList<>(results.size());
        for (int i = 0; i < results.size(); i++) {
            String path = pathOf(i);
            all.add(results.get(i)
                    .orElseGet(() -> response.apply(decided.next()).inBatch(path, streamId.apply(asked.next()))));
        }
        return new Bodies.Batch(all);
    }

    private static String pathOf(int position) {
        return "items[" + position + "]";
    }
}
